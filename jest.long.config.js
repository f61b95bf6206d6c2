import base from './jest.config.js';

/** The tests that kill processes, and those that repeat a suite in another mode. */
export default {
  ...base,
  testMatch: ['**/*.long.spec.ts'],
  testPathIgnorePatterns: base.testPathIgnorePatterns.filter((each) => !each.includes('long')),
};

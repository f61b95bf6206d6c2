import base from './jest.config.js';

/** The tests that kill processes, and those that repeat a suite in another mode. */
export default {
  ...base,
  testMatch: ['**/*.long.spec.ts'],
  // Many processes at a time, on machines of any speed.
  testTimeout: 180_000,
  maxWorkers: 2,
  testPathIgnorePatterns: base.testPathIgnorePatterns.filter((each) => !each.includes('long')),
};

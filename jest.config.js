import { readFileSync } from 'node:fs';

const required = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'))
  .engines.node;
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  throw new Error(
    `These tests need Node ${required}, this is ${process.version}. Start them with "npm test": it ` +
      'uses the Node in node_modules. If that is missing, "npm ci" ran with --ignore-scripts.',
  );
}

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: 'tsconfig.test.json', diagnostics: false }],
  },
  // Tests run on what ships: the build, under the names that users import.
  moduleNameMapper: {
    '^nestjs-partnero$': '<rootDir>/dist/esm/index.js',
    '^nestjs-partnero/(bullmq|pg-boss|testing)$': '<rootDir>/dist/esm/$1/index.js',
    '^(\\.{1,2}/(?!.*(?:dist|node_modules)/).*)\\.js$': '$1',
  },
  coverageProvider: 'v8',
  collectCoverageFrom: ['dist/esm/**/*.js'],
  // Real processes and real sockets, on machines of any speed.
  testTimeout: 30_000,
  maxWorkers: 2,
  workerIdleMemoryLimit: '512MB',
};

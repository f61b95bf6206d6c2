import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const required = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'))
  .engines.node;
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  throw new Error(
    `These tests need Node ${required}, this is ${process.version}. Start them with "npm test": it ` +
      'uses the Node in node_modules. If that is missing, "npm ci" ran with --ignore-scripts.',
  );
}

/**
 * Tests that this machine can't run, since Redis or PostgreSQL isn't installed. The conformance suites
 * also run on REDIS_URL and DATABASE_URL. Tests that kill a server or cut it off start one of their own.
 */
const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
const hasPostgres = existsSync('/usr/lib/postgresql');
const skipped = [
  ...(hasRedis ? [] : ['test/bullmq/(?!conformance)', 'test/sample/several-instances']),
  ...(hasRedis || process.env.REDIS_URL ? [] : ['test/bullmq/conformance']),
  ...(hasPostgres ? [] : ['test/postgres/(?!conformance)']),
  ...(hasPostgres || process.env.DATABASE_URL ? [] : ['test/postgres/conformance']),
  ...(hasRedis && hasPostgres ? [] : ['test/instances/']),
];
if (skipped.length > 0) {
  const message = `NOT TESTED HERE, because redis-server or PostgreSQL is not installed: ${skipped.join(', ')}`;
  if (process.env.NOTHING_SKIPPED) throw new Error(message);
  console.warn(message);
}

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  // Those run with jest.long.config.js.
  testPathIgnorePatterns: ['/node_modules/', '\\.long\\.spec', ...skipped],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: 'tsconfig.test.json', diagnostics: false }],
  },
  // Tests run on what ships: the build, under the names that users import.
  moduleNameMapper: {
    '^nestjs-partnero$': '<rootDir>/dist/esm/index.js',
    '^nestjs-partnero/(bullmq|dashboard|health|opentelemetry|postgres|testing)$':
      '<rootDir>/dist/esm/$1/index.js',
    '^(\\.{1,2}/(?!.*(?:dist|node_modules)/).*)\\.js$': '$1',
  },
  coverageProvider: 'v8',
  collectCoverageFrom: ['dist/esm/**/*.js'],
  // Real processes and real sockets, on machines of any speed.
  testTimeout: 60_000,
  // Two cores: some wait while others work.
  maxWorkers: 3,
  workerIdleMemoryLimit: '512MB',
};

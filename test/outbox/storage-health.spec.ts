import { StorageHealth } from '#lib/outbox/storage-health.js';

let lines: string[];
let health: StorageHealth;

beforeEach(() => {
  lines = [];
  const log = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  const logger = { log: log('log'), warn: log('warn'), error: log('error') };
  health = new StorageHealth('o.db', logger);
});

const fail = (access: 'read' | 'write', message = 'disk full') =>
  health[access](Promise.reject(new Error(message))).catch(() => {});
const work = (access: 'read' | 'write') => health[access](Promise.resolve());

const BROKEN = "error: The outbox o.db doesn't work: disk full";
const WORKS = 'log: The outbox o.db works again.';

it('a store that fails is reported once, and once when it works again', async () => {
  await fail('write');
  await fail('write');
  expect(health.problem).toBe('disk full');
  await work('write');
  await work('write');
  expect(health.problem).toBeNull();
  expect(lines).toEqual([BROKEN, WORKS]);
});

it('a store that comes and goes within a minute is reported once', async () => {
  for (let i = 0; i < 5; i += 1) {
    await fail('write');
    await work('write');
  }
  expect(lines).toEqual([BROKEN, WORKS]);
});

it.each([
  ['write', 'read'],
  ['read', 'write'],
] as const)('a %s that failed stays a problem while each %s succeeds', async (failing, other) => {
  await fail(failing);
  await work(other);
  expect(health.problem).toBe('disk full');
  await work(failing);
  expect(health.problem).toBeNull();
  expect(lines).toEqual([BROKEN, WORKS]);
});

it('nothing is reported while the app shuts down', async () => {
  await fail('write');
  health.close();
  await fail('read');
  await work('write');
  expect(lines).toEqual([BROKEN]);
});

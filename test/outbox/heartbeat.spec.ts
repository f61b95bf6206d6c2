import { jest } from '@jest/globals';
import type { Operation, OtherOwner, Owner } from '#lib/outbox/sql/operations.js';
import { Heartbeat } from '#lib/outbox/sql/owners.js';

const me: Owner = { token: 'me', host: 'here', pidNamespace: 'pid:[1]', pid: process.pid };
const elsewhere = { token: 'other', host: 'there', pidNamespace: 'pid:[2]', pid: 1 };

let others: OtherOwner[];
let takenOver: string[];
let heartbeat: Heartbeat;

const other = (silentMs: number, more: Partial<Owner> = {}): OtherOwner => ({
  ...elsewhere,
  ...more,
  silentMs,
  seenAt: Date.now() - silentMs,
});

const transact = async ([operation]: Operation[]): Promise<unknown[]> => {
  if (operation?.name === 'heartbeat') return [{ registered: false, others }];
  if (operation?.name === 'takeOver') takenOver = operation.args.owners.map(({ token }) => token);
  return [0];
};

beforeEach(() => {
  jest.useFakeTimers();
  others = [];
  takenOver = [];
  heartbeat = new Heartbeat(transact, me);
});

afterEach(() => void jest.useRealTimers());

async function beatAfter(ms: number): Promise<string[]> {
  jest.advanceTimersByTime(ms);
  await heartbeat.beat();
  return takenOver;
}

it('a process that is silent for longer than its lease is taken for ended', async () => {
  others = [other(9_000)];
  expect(await beatAfter(2_000)).toEqual([]);
  others = [other(11_000)];
  expect(await beatAfter(2_000)).toEqual(['other']);
});

it('after a silence of its own, a process gives the others a lease’s time', async () => {
  others = [other(12_500)];
  expect(await beatAfter(12_500)).toEqual([]);
  for (let i = 0; i < 4; i += 1) expect(await beatAfter(2_000)).toEqual([]);
  expect(await beatAfter(2_500)).toEqual(['other']);
});

it('after the clock was set, a process gives the others a lease’s time', async () => {
  await beatAfter(2_000);
  jest.setSystemTime(Date.now() + 3_600_000);
  others = [other(3_600_000)];
  expect(await beatAfter(2_000)).toEqual([]);
  expect(await beatAfter(2_000)).toEqual([]);
});

it('a process with the same id in another container is not taken for a predecessor while it is alive', async () => {
  jest.spyOn(process, 'uptime').mockReturnValue(0.5);
  others = [other(1_900, { host: 'here', pid: process.pid })];
  expect(await beatAfter(500)).toEqual([]);
  others = [other(6_500, { host: 'here', pid: process.pid })];
  expect(await beatAfter(2_000)).toEqual(['other']);
});

it('a process of this machine that has ended is taken over at once', async () => {
  others = [other(100, { host: 'here', pidNamespace: me.pidNamespace, pid: 4_194_304 })];
  expect(await beatAfter(2_000)).toEqual(['other']);
});

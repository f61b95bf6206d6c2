import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '#lib/outbox/job.js';
import { eventually } from '../support/eventually.js';
import { killOutboxHosts, OutboxHost } from '../support/outbox-host.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let path: string;
let host: OutboxHost;

beforeEach(async () => {
  path = `${temporaryFolder()}/outbox.db`;
  host = await OutboxHost.start({ engine: 'sqlite-engine', settings: { path } });
});

afterEach(killOutboxHosts);

afterAll(removeTemporaryFolders);

const hold = (orderingKey: string) =>
  host.enqueue({
    name: 'attribution',
    orderingKey,
    referralKey: 'ann',
    payload: '{}',
    queuedAt: Date.now(),
  });

/** Another process has removed it from the list of owners, and hasn't taken its jobs over yet. */
async function takeForEnded(): Promise<void> {
  const owners = () => inOtherProcess(path, 'SELECT token FROM owners').rows;
  inOtherProcess(path, 'DELETE FROM owners; SELECT 1');
  await eventually(() => owners().length === 1);
  await sleep(50);
}

describe('a process that lost its lease', () => {
  it('delivers what it holds, once that is released, and discards what is discarded', async () => {
    const delivered: string[] = [];
    host.start({
      concurrency: 10,
      maxAgeMs: 86_400_000,
      initialBackoffMs: 10,
      maxBackoffMs: 50,
      requestsPerMinute: undefined,
      async deliver({ orderingKey }: Job) {
        delivered.push(orderingKey);
        return { type: 'completed', outcome: 'attributed' };
      },
      checkKey: async () => 'accepted',
      onEnd() {},
    });
    const released = await hold('released');
    const discarded = await hold('discarded');
    await takeForEnded();
    expect(delivered).toEqual([]);
    expect(await host.discard(discarded)).toBe(true);
    host.release(released);
    await eventually(async () => (await host.stats()).pending === 0);
    expect(delivered).toEqual(['released']);
    expect((await host.stats()).outcomes).toEqual({ attributed: 1, discarded: 1 });
  });

  it('goes on with what it sends and with what waits in its memory, each once', async () => {
    const delivered: string[] = [];
    const ended: string[] = [];
    const blocked = Promise.withResolvers<void>();
    host.start({
      concurrency: 1,
      maxAgeMs: 86_400_000,
      initialBackoffMs: 10,
      maxBackoffMs: 50,
      requestsPerMinute: undefined,
      async deliver({ orderingKey }: Job) {
        delivered.push(orderingKey);
        await blocked.promise;
        return { type: 'completed', outcome: 'attributed' };
      },
      checkKey: async () => 'accepted',
      onEnd: ({ orderingKey }) => void ended.push(orderingKey),
    });
    for (const key of ['a', 'b', 'c', 'd']) host.release(await hold(key));
    await eventually(() => delivered.length === 1);
    await takeForEnded();
    blocked.resolve();
    await eventually(async () => (await host.stats()).pending === 0);
    expect(delivered.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(ended.toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });
});

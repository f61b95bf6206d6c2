import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from '#lib/outbox/delivery.js';
import type { Job } from '#lib/outbox/job.js';
import { eventually } from '../support/eventually.js';
import { killOutboxHosts, OutboxHost } from '../support/outbox-host.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const JOBS = 600;

let path: string;
/** How often each job was sent, by whichever process. */
let sent: Map<string, number>;

beforeEach(() => {
  path = join(temporaryFolder(), 'outbox.db');
  sent = new Map();
});

afterEach(killOutboxHosts);

afterAll(removeTemporaryFolders);

const startHost = () => OutboxHost.start({ engine: 'sqlite-engine', settings: { path } });

const delivery: Delivery = {
  concurrency: 50,
  maxAgeMs: 86_400_000,
  initialBackoffMs: 10,
  maxBackoffMs: 50,
  requestsPerMinute: undefined,
  async deliver({ id }: Job) {
    sent.set(id, (sent.get(id) ?? 0) + 1);
    return { type: 'completed', outcome: 'attributed' };
  },
  checkKey: async () => 'accepted',
  onEnd() {},
};

function holdAll(host: OutboxHost): Promise<string[]> {
  return Promise.all(
    Array.from({ length: JOBS }, (_, n) =>
      host.enqueue({
        name: 'attribution',
        orderingKey: `user-${n}`,
        referralKey: 'ann',
        payload: '{}',
        queuedAt: Date.now(),
      }),
    ),
  );
}

/** Each job was either discarded or sent, and none both; what the counts say is the same. */
async function expectNothingWrong(
  host: OutboxHost,
  ids: readonly string[],
  discarded: readonly string[],
): Promise<void> {
  const stats = await eventually(async () => {
    const now = await host.stats();
    return now.pending === 0 && now;
  }, 20_000);
  expect(discarded.filter((id) => sent.has(id))).toEqual([]);
  const rest = ids.filter((id) => !discarded.includes(id));
  expect(rest.filter((id) => sent.get(id) === undefined).length).toBe(
    (stats.outcomes['discarded'] ?? 0) - discarded.length,
  );
  expect(stats.queued).toBe(JOBS);
  expect(Object.values(stats.outcomes).reduce((sum, n) => sum + n, 0)).toBe(JOBS);
}

async function discardAll(host: OutboxHost, ids: readonly string[]): Promise<string[]> {
  const discarded: string[] = [];
  await Promise.all(
    ids.map(async (id) => {
      // A process that is killed answers nobody.
      if (await host.discard(id).catch(() => false)) discarded.push(id);
    }),
  );
  return discarded;
}

describe(`${JOBS} discards`, () => {
  it('that race a release are refused, or nothing is sent', async () => {
    const host = await startHost();
    host.start(delivery);
    const ids = await holdAll(host);
    const discarded: string[] = [];
    await Promise.all(
      ids.map(async (id, n) => {
        await sleep(n / 10);
        const release = async () => {
          await sleep(Math.random() * 4);
          host.release(id);
        };
        const discard = async () => {
          await sleep(Math.random() * 4);
          if (await host.discard(id)) discarded.push(id);
        };
        await Promise.all(n % 2 === 0 ? [release(), discard()] : [discard(), release()]);
      }),
    );
    await expectNothingWrong(host, ids, discarded);
    expect(discarded.length).toBeGreaterThan(50);
    expect(discarded.length).toBeLessThan(JOBS - 50);
    expect(discarded.length + sent.size).toBe(JOBS);
  });

  it('of a process that is killed meanwhile are saved, or the jobs are sent', async () => {
    const dying = await startHost();
    const living = await startHost();
    living.start(delivery);
    const ids = await holdAll(dying);
    const discarding = Promise.all(
      ids.map(async (id, n) => {
        await sleep(n / 3);
        return (await discardAll(dying, [id])).length > 0 ? [id] : [];
      }),
    );
    await sleep(100);
    await dying.kill();
    const discarded = (await discarding).flat();
    await expectNothingWrong(living, ids, discarded);
    expect(discarded.length).toBeGreaterThan(50);
    expect(sent.size).toBeGreaterThan(50);
  });

  it('of a process that stood still until its lease ended are refused once its jobs are sent', async () => {
    const stopped = await startHost();
    const living = await startHost();
    living.start(delivery);
    const ids = await holdAll(stopped);
    stopped.signal('SIGSTOP');
    const discarding = discardAll(stopped, ids);
    // It goes on while the other takes its jobs over.
    const isTakenOver = () => {
      const sql = `SELECT count(*) AS n FROM jobs WHERE owner IS NULL OR state = 2`;
      return (inOtherProcess(path, sql).rows[0] as { n: number }).n > 0;
    };
    await eventually(isTakenOver, 20_000);
    stopped.signal('SIGCONT');
    await expectNothingWrong(living, ids, await discarding);
  }, 40_000);
});

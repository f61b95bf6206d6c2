import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '#lib/outbox/job.js';
import { KindRegistry } from '#lib/outbox/kind-registry.js';
import type { Outbox } from '#lib/outbox/outbox.js';
import { Relay, type KeyProbe } from '#lib/outbox/relay.js';
import { sqliteOutbox } from '#lib/outbox/sqlite/sqlite-outbox.definition.js';
import type { SettledVerdict, Verdict } from '#lib/outbox/verdict.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const DONE: SettledVerdict = { type: 'settled', outcome: 'done' };
const DELIVERY = {
  concurrency: 3,
  maxAgeMs: 86_400_000,
  initialBackoffMs: 1,
  maxBackoffMs: 5,
  requestsPerMinute: undefined,
  ambiguousGraceMs: 60_000,
};

let outbox: Outbox;
let relay: Relay;
let settled: [Job, SettledVerdict][];
let probe: KeyProbe;

/** A relay that has not been started, on a store of its own. */
async function make(
  deliver: (job: Job, signal: AbortSignal) => Promise<Verdict>,
  options: Partial<typeof DELIVERY> = {},
): Promise<void> {
  const log = { log() {}, warn() {}, error() {} };
  outbox = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` }).create({
    program: 'default',
    requestsPerMinute: undefined,
    maxBackoffMs: 60_000,
    ledgerDays: 90,
    log,
    keyHash: () => 'key',
    deliver: () => Promise.reject(new Error('not used')),
  });
  await outbox.open();
  const kinds = new KindRegistry();
  kinds.register({ name: 'known', deliver });
  settled = [];
  probe = 'accepted';
  const hooks = {
    probeKey: () => Promise.resolve(probe),
    onSettled: (job: Job, verdict: SettledVerdict) => void settled.push([job, verdict]),
  };
  relay = new Relay(outbox, kinds, { ...DELIVERY, ...options }, hooks, log);
}

afterEach(async () => {
  await relay.drain(50);
  await outbox.close();
});

afterAll(removeTemporaryFolders);

async function submit(count: number, kind = 'known'): Promise<void> {
  const jobs = Array.from({ length: count }, (_, i) =>
    outbox.submit({
      kind,
      lane: `${kind}-${i}`,
      referralKey: null,
      payload: '{}',
      acceptedAt: Date.now(),
    }),
  );
  await Promise.all(jobs);
}

const delivered = (count: number) => eventually(() => settled.length === count);

describe('the relay', () => {
  it('delivers as many at once as it may, and no more', async () => {
    let now = 0;
    let most = 0;
    await make(async () => {
      most = Math.max(most, (now += 1));
      await sleep(5);
      now -= 1;
      return DONE;
    });
    await submit(40);
    relay.start();
    await delivered(40);
    expect(most).toBe(3);
  });

  it('delivers nothing with concurrency 0', async () => {
    await make(() => Promise.resolve(DONE), { concurrency: 0 });
    relay.start();
    await submit(3);
    await sleep(60);
    expect(settled).toEqual([]);
    expect(await outbox.stats()).toMatchObject({ pending: 3 });
  });

  it('lets nothing leave while it writes down that nothing may leave', async () => {
    let calls = 0;
    await make(async () => {
      calls += 1;
      if (calls === 1) return { type: 'rate_limited', retryAfterMs: 60_000 };
      await sleep(10);
      return DONE;
    });
    const report = outbox.report.bind(outbox);
    outbox.report = async (event) => {
      await sleep(60);
      return report(event);
    };
    await submit(20);
    relay.start();
    await eventually(async () => (await outbox.stats()).paused?.reason === 'rate_limited');
    expect(calls).toBeLessThanOrEqual(DELIVERY.concurrency);
    expect(await outbox.stats()).toMatchObject({ pending: 20 - (calls - 1) });
  });

  it('takes the refusal of one job for that job’s failure if the key works', async () => {
    const attempts: number[] = [];
    await make((job) => {
      attempts.push(job.attempts);
      return Promise.resolve(job.attempts === 0 ? { type: 'refused', reason: '403' } : DONE);
    });
    await submit(1);
    relay.start();
    await delivered(1);
    expect(attempts).toEqual([0, 1]);
    expect((await outbox.stats()).paused).toBeNull();
  });

  it.each<KeyProbe>(['refused', 'unknown'])(
    'pauses on a refusal, and uses up nothing, if the key is %s',
    async (found) => {
      const attempts: number[] = [];
      await make((job) => {
        attempts.push(job.attempts);
        return Promise.resolve({ type: 'refused', reason: '401' });
      });
      probe = found;
      await submit(1);
      relay.start();
      await eventually(async () => (await outbox.stats()).paused?.reason === 'unauthorized');
      expect(attempts).toEqual([0]);
      expect(await outbox.find('known-0')).toMatchObject([{ attempts: 0, state: 'pending' }]);
    },
  );

  it('tells no outcome of a job that another process has taken over', async () => {
    await make(() => Promise.resolve(DONE));
    const settle = outbox.settle.bind(outbox);
    outbox.settle = async (job, verdict) => job.lane !== 'known-0' && settle(job, verdict);
    await submit(2);
    relay.start();
    await delivered(1);
    await sleep(30);
    expect(settled.map(([{ lane }]) => lane)).toEqual(['known-1']);
  });

  it('leaves a kind that it does not know pending, and says so', async () => {
    await make(() => Promise.resolve(DONE));
    await submit(1, 'of-a-newer-version');
    await submit(1);
    relay.start();
    await delivered(1);
    await eventually(async () => {
      const [entry] = await outbox.find('of-a-newer-version-0');
      return entry!.reason === 'unknown_kind' && entry!.state === 'pending';
    });
  });

  it('takes a kind that throws for a failure of that job, and of nothing else', async () => {
    await make((job) => {
      if (job.attempts < 6) throw new RangeError('a bug');
      return Promise.resolve(DONE);
    });
    await submit(1);
    relay.start();
    await eventually(async () => (await outbox.find('known-0'))[0]!.reason === 'RangeError');
    expect((await outbox.stats()).paused).toBeNull();
    await delivered(1);
    expect(settled[0]![0].attempts).toBe(6);
  });

  it('waits as long as a delivery asks to, without using up an attempt', async () => {
    const attempts: number[] = [];
    await make((job) => {
      attempts.push(job.attempts);
      if (attempts.length < 3) return Promise.resolve({ type: 'wait', reason: 'grace', ms: 1 });
      return Promise.resolve(DONE);
    });
    await submit(1);
    relay.start();
    await delivered(1);
    expect(attempts).toEqual([0, 0, 0]);
  });

  it('tries again no sooner than a delivery asks for', async () => {
    const at: number[] = [];
    await make((job) => {
      at.push(performance.now());
      if (job.attempts > 0) return Promise.resolve(DONE);
      return Promise.resolve({ type: 'retry', reason: 'timeout', afterMs: 80, jobOnly: true });
    });
    await submit(1);
    relay.start();
    await delivered(1);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(79);
  });

  it('cuts off what does not end in time, and gives it back', async () => {
    let cutOff = false;
    await make(
      (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            cutOff = true;
            resolve({ type: 'retry', reason: 'aborted' });
          });
        }),
    );
    await submit(1);
    relay.start();
    await eventually(async () => (await outbox.claim(1)).jobs.length === 0);
    await sleep(20);
    await relay.drain(30);
    expect(cutOff).toBe(true);
    expect(await outbox.find('known-0')).toMatchObject([{ state: 'pending', attempts: 0 }]);
    expect((await outbox.claim(1)).jobs).toHaveLength(1);
  });
});

import { completed, failed, ScriptedPartnero } from '#lib/testing/conformance/scripted-partnero.js';
import { eventually } from '../support/eventually.js';
import { killOutboxHosts, OutboxHost } from '../support/outbox-host.js';

afterEach(killOutboxHosts);

const job = (label: string) => ({
  name: 'attribution',
  orderingKey: label,
  referralKey: null,
  queuedAt: Date.now(),
  payload: JSON.stringify({ label, program: 'default' }),
});
const settings = {
  concurrency: 5,
  maxAgeMs: 60_000,
  initialBackoffMs: 1,
  maxBackoffMs: 5,
  requestsPerMinute: undefined,
};

it('an engine in a process of its own is called by the test, and delivers to it, until it is killed', async () => {
  const host = await OutboxHost.start({ engine: 'memory-engine', settings: {} });
  const partnero = new ScriptedPartnero();
  partnero.script = async ({ checkpoint, nth }) => {
    expect(await checkpoint.save(`${nth}`)).toBe(true);
    return nth === 1 ? failed() : completed();
  };
  host.start(partnero.delivery(host, 'default', settings));
  host.release(await host.enqueue(job('a')));
  expect(await host.discard(await host.enqueue(job('b')))).toBe(true);
  await host.submit(job('c'));
  await eventually(() => partnero.ends.length === 2);
  expect(partnero.attemptsOf('a').map((attempt) => attempt.job.checkpoint)).toEqual([null, '1']);
  expect(await host.stats()).toMatchObject({
    queued: 3,
    oldestPendingAt: null,
    outcomes: { attributed: 2, discarded: 1 },
  });
  expect(await host.find('a')).toMatchObject([{ attempts: 1 }]);
  let aborted = false;
  partnero.script = ({ signal }) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        aborted = true;
        resolve(failed());
      });
    });
  await host.submit(job('d'));
  await eventually(() => partnero.inFlight.length === 1);
  const asked = host.enqueue(job('e'));
  await host.kill();
  await Promise.allSettled([asked]);
  expect([aborted, host.hasEnded]).toEqual([true, true]);
  await expect(host.stats()).rejects.toThrow('has ended');
});

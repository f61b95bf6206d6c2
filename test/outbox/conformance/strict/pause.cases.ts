import assert from 'node:assert/strict';
import type { DeliveryResult } from '#lib/outbox/delivery-result.js';
import {
  type ConformanceHarness,
  keys,
  sleep,
} from '#lib/testing/conformance/conformance-harness.js';
import { completed } from '#lib/testing/conformance/scripted-partnero.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

const UNREACHABLE: DeliveryResult = { type: 'retry', reason: 'ECONNREFUSED' };
const UNAUTHORIZED: DeliveryResult = { type: 'unauthorized', reason: '401' };

export function morePauseCases(on: ConformanceHarness, it: AddCase): void {
  const paused = (reason: string) =>
    on.eventually(`delivery is paused: ${reason}`, async () => {
      const { paused: pause } = await on.engine.stats();
      return pause?.reason === reason && pause;
    });
  const noAttemptUsed = () =>
    assert.ok(
      on.partnero.attempts.every(({ job }) => job.attempts === 0),
      'an attempt was used',
    );

  it('a response between transient failures starts their count anew', async () => {
    on.start({ concurrency: 1 });
    on.partnero.script = ({ label }) =>
      label === '4' || label === 'last'
        ? completed()
        : ({ ...UNREACHABLE, afterMs: 60_000 } as DeliveryResult);
    for (const key of [...keys(9), 'last']) await on.add(key);
    await on.started('last');
    assert.equal((await on.engine.stats()).paused, null);
  });

  it('a 429 that names no time pauses the program too', async () => {
    on.start({ concurrency: 1 });
    on.partnero.script = ({ nth }) =>
      nth === 1 ? { type: 'rateLimited', retryAfterMs: undefined } : completed();
    await on.add('a');
    await paused('rate_limited');
    await on.ended(1);
    const [first, second] = on.partnero.attempts;
    assert.ok(second!.startedAt - first!.startedAt >= 500, 'sent too early');
    noAttemptUsed();
  });

  it('a job that is unauthorized though the key is accepted does not stop the others', async () => {
    on.start({ initialBackoffMs: 100, maxBackoffMs: 100 });
    on.partnero.script = ({ label }) => (label === 'odd' ? UNAUTHORIZED : completed());
    await on.addAll(['odd', ...keys(5)]);
    await on.ended(5);
    await sleep(100);
    assert.ok(on.partnero.attemptsOf('odd').length < 20, 'the job is sent in a loop');
    on.partnero.script = () => completed();
    await on.ended(6);
  });

  it('a limit of requests per minute is kept, also with much to do', async () => {
    on.start({ requestsPerMinute: 300 });
    const started = performance.now();
    await on.addAll(keys(14));
    await on.ended(10);
    const tenth = on.partnero.attempts[9]!.startedAt - started;
    // Five a second, and at most a second's worth at once.
    assert.ok(tenth >= 750, `10 requests in ${Math.round(tenth)} ms`);
    await on.idle();
  });
}

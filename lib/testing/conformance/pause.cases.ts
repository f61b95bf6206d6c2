import assert from 'node:assert/strict';
import type { DeliveryResult } from '../../outbox/delivery-result.js';
import { type ConformanceHarness, sleep } from './conformance-harness.js';
import type { AddCase } from './outbox-conformance.js';
import { completed, failed } from './scripted-partnero.js';

const UNREACHABLE: DeliveryResult = { type: 'retry', reason: 'ECONNREFUSED' };
const UNAUTHORIZED: DeliveryResult = { type: 'unauthorized', reason: '401' };

export function pauseCases(on: ConformanceHarness, it: AddCase): void {
  const keys = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);
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

  it('failures that lie with their jobs pause nothing', async () => {
    on.start({ concurrency: 1 });
    on.partnero.script = ({ label }) => (label === 'good' ? completed() : failed(60_000));
    await on.addAll([...keys(8), 'good']);
    await on.ended(1);
    assert.equal((await on.engine.stats()).paused, null);
  });

  it('five transient failures in a row pause delivery, then one attempt at a time is made', async () => {
    on.start({ concurrency: 3 });
    let result = UNREACHABLE;
    on.partnero.script = () => result;
    await on.addAll(keys(12));
    const { until } = await paused('unreachable');
    assert.ok(until === null || until instanceof Date);
    assert.ok(on.partnero.attempts.length <= 7, 'more was sent than what was under way');
    await on.eventually('nothing is being sent', () => on.partnero.inFlight.length === 0);
    const before = on.partnero.attempts.length;
    let finish = () => {};
    on.partnero.script = () => new Promise((resolve) => (finish = () => resolve(result)));
    await on.eventually('one attempt is made', () => on.partnero.attempts.length > before);
    await sleep(100);
    assert.equal(on.partnero.inFlight.length, 1);
    result = completed();
    on.partnero.script = () => result;
    finish();
    const stats = await on.idle();
    assert.deepEqual(stats.outcomes, { attributed: 12 });
    assert.equal(stats.paused, null);
  });

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

  it('a 429 pauses the whole program for as long as it asks, and uses no attempt', async () => {
    const other = await on.open('other');
    on.start({ concurrency: 3 });
    on.start({}, other);
    on.partnero.script = ({ program }) =>
      program === 'default' ? { type: 'rateLimited', retryAfterMs: 1_300 } : completed();
    await on.addAll(keys(20));
    const pause = await paused('rate_limited');
    const sent = on.partnero.attempts.length;
    assert.ok(sent <= 3, 'more was sent than what was under way');
    assert.ok(pause.until && Math.abs(pause.until.getTime() - Date.now() - 1_300) < 1_300);
    on.partnero.script = () => completed();
    await on.add('of the other program', 'of the other program', other);
    await on.started('of the other program');
    await on.idle();
    const next = on.partnero.attempts.filter(({ program }) => program === 'default')[sent];
    assert.ok(next!.startedAt - on.partnero.attempts[0]!.startedAt >= 1_290, 'sent too early');
    noAttemptUsed();
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

  it('an unauthorized response pauses the program until checkKey says accepted, and uses no attempt', async () => {
    on.partnero.key = 'rejected';
    on.start({ concurrency: 3 });
    on.partnero.script = () => (on.partnero.key === 'accepted' ? completed() : UNAUTHORIZED);
    await on.addAll(keys(20));
    await paused('unauthorized');
    const sent = on.partnero.attempts.length;
    assert.ok(sent <= 3, 'more was sent than what was under way');
    await on.eventually('the key is checked', () => on.partnero.keyChecks.length > 0);
    on.partnero.key = 'unknown';
    const checks = on.partnero.keyChecks.length;
    await on.eventually('the key is checked again', () => on.partnero.keyChecks.length > checks);
    await sleep(50);
    assert.equal(on.partnero.attempts.length, sent, 'sent while the key was not accepted');
    on.partnero.key = 'accepted';
    const { outcomes, paused: pause } = await on.idle();
    assert.deepEqual(outcomes, { attributed: 20 });
    assert.equal(pause, null);
    noAttemptUsed();
    assert.ok(on.partnero.keyChecks.length <= 5, 'the key was checked too often');
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

  it('pause() lets nothing be sent, resume() goes on, also right after the start', async () => {
    await on.add('a');
    const control = on.start();
    control.pause('unverified_key');
    const sent = on.partnero.attempts.length;
    assert.equal(sent, 0);
    await on.add('b');
    await sleep(100);
    assert.equal(on.partnero.attempts.length, 0);
    assert.equal((await on.engine.stats()).paused?.reason, 'unverified_key');
    control.resume();
    await on.ended(2);
    assert.equal((await on.engine.stats()).paused, null);
    control.pause('wrong_program');
    const held = await on.engine.enqueue(on.job('c'));
    on.engine.release(held);
    await sleep(100);
    assert.deepEqual(on.partnero.attemptsOf('c'), []);
    control.resume();
    await on.ended(3);
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

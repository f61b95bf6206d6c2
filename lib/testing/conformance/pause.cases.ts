import assert from 'node:assert/strict';
import { types } from 'node:util';
import type { DeliveryResult } from '../../outbox/delivery-result.js';
import { assertSame, type ConformanceHarness, keys, sleep } from './conformance-harness.js';
import { completed, failed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

const UNREACHABLE: DeliveryResult = { type: 'retry', reason: 'ECONNREFUSED' };
const UNAUTHORIZED: DeliveryResult = { type: 'unauthorized', reason: '401' };

export function pauseCases(on: ConformanceHarness, it: AddCase): void {
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
    await on.addAll(keys(8));
    await on.eventually('all have failed', () => on.partnero.attempts.length === 8);
    assert.equal((await on.engine.stats()).paused, null);
    await on.addAll(['good']);
    await on.ended(1);
  });

  it('five transient failures in a row pause delivery, then one attempt at a time is made', async () => {
    on.start({ concurrency: 3, maxBackoffMs: 1_000 });
    let result = UNREACHABLE;
    on.partnero.script = () => result;
    await on.addAll(keys(12));
    const { until } = await paused('unreachable');
    assert.ok(until === null || types.isDate(until));
    assert.ok(on.partnero.attempts.length <= 7, 'more was sent than what was under way');
    await on.eventually('nothing is being sent', () => on.partnero.inFlight.length === 0);
    const before = on.partnero.attempts.length;
    const probe = Promise.withResolvers<DeliveryResult>();
    on.partnero.script = () => probe.promise;
    await on.eventually('one attempt is made', () => on.partnero.attempts.length > before);
    await sleep(100);
    assert.equal(on.partnero.inFlight.length, 1);
    result = completed();
    on.partnero.script = () => result;
    probe.resolve(result);
    const stats = await on.idle();
    assertSame(stats.outcomes, { attributed: 12 });
    assert.equal(stats.paused, null);
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
    assertSame(outcomes, { attributed: 20 });
    assert.equal(pause, null);
    noAttemptUsed();
    assert.ok(on.partnero.keyChecks.length <= 5, 'the key was checked too often');
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
    on.assertUnsent('c');
    control.resume();
    await on.ended(3);
  });
}

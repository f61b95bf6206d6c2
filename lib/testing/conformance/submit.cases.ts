import assert from 'node:assert/strict';
import type { SubmittedJob } from '../../outbox/job.js';
import { assertMatches, assertSame, type ConformanceHarness } from './conformance-harness.js';
import { completed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

export function submitCases(on: ConformanceHarness, it: AddCase): void {
  const ifTaken = { same: 'duplicate', different: 'conflict', cancelled: 'refunded' };
  const sale = (value: string, digest = '49.00', orderingKey = 'a'): SubmittedJob => ({
    ...on.job(orderingKey, value, { name: 'transaction' }),
    key: { value, digest, ifTaken },
  });
  const refund = (key: string): SubmittedJob => ({
    ...on.job(`refund of ${key}`, `refund of ${key}`, { name: 'refund' }),
    key: { value: key, digest: '', ifTaken },
    cancels: { name: 'transaction', key },
  });
  const erasure = (orderingKey = 'a'): SubmittedJob => ({
    ...on.job(orderingKey, 'erasure', { name: 'erasure' }),
    overrides: true,
  });
  const submit = async (job: SubmittedJob, engine = on.engine) =>
    (await engine.submit(job)).outcome;
  const delivered = () => on.partnero.delivered.filter((label) => !label.startsWith('last'));

  it('a submitted job is released from the start, and follows earlier ones of its ordering key', async () => {
    on.start();
    const held = await on.engine.enqueue(on.job('a', 'sign-up'));
    const { id, outcome } = await on.engine.submit(on.job('a', 'sale'));
    assert.equal(outcome, null);
    assert.equal(await on.engine.discard(id), false);
    await on.quiet();
    on.engine.release(held);
    await on.ended(3);
    assertSame(delivered(), ['sign-up', 'sale']);
    assert.equal(on.partnero.attemptsOf('sale')[0]!.job.id, id);
  });

  it('of 20 jobs with one key and digest, submitted at once to two engines, one is delivered', async () => {
    const other = await on.open();
    on.start();
    on.start({}, other);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => submit(sale('inv-1'), n % 2 ? other : on.engine)),
    );
    assert.equal(outcomes.filter((outcome) => outcome === null).length, 1);
    assert.equal(outcomes.filter((outcome) => outcome === 'duplicate').length, 19);
    assertMatches(await on.idle(), { queued: 20, outcomes: { attributed: 1, duplicate: 19 } });
    assert.equal(on.partnero.attempts.length, 1);
  });

  it('a key stays taken after completion and a restart, and a different digest is noticed', async () => {
    assert.equal(await submit(sale('inv-1')), null);
    assert.equal(await submit(sale('inv-1', '50.00')), 'conflict');
    on.start();
    await on.idle();
    await on.restart();
    on.start();
    assert.equal(await submit(sale('inv-1', '50.00', 'b')), 'conflict');
    assert.equal(await submit(sale('inv-1')), 'duplicate');
    assert.equal(await submit(sale('inv-2')), null);
    await on.idle();
    assertSame(on.partnero.delivered, ['inv-1', 'inv-2']);
  });

  it('a dead letter is delivered again when its key and digest are submitted again', async () => {
    on.start({ maxAgeMs: 1 });
    on.partnero.script = () => ({ type: 'retry', reason: '503', jobOnly: true, afterMs: 5 });
    await submit(sale('inv-1'));
    await on.ended(1);
    on.partnero.script = () => completed();
    assert.equal(await submit(sale('inv-1')), 'duplicate');
    assertMatches(await on.idle(), {
      queued: 2,
      dead: 0,
      outcomes: { attributed: 1, duplicate: 1 },
    });
  });

  it('a job that completes with releasesKey makes its key free for another job', async () => {
    on.start();
    on.partnero.script = ({ label }) =>
      label === 'inv-1' ? { ...completed('not_attributed'), releasesKey: true } : completed();
    assert.equal(await submit(sale('inv-1')), null);
    await on.ended(1);
    assert.equal(await submit(sale('inv-1', '50.00')), null);
    await on.ended(2);
  });

  it('a job that completes with purgesHistory deletes the history of its ordering key and keeps the counts', async () => {
    on.start();
    await on.addAll(['a', 'b']);
    await on.ended(2);
    on.partnero.script = () => ({ ...completed('erased'), purgesHistory: true });
    await submit(on.job('a', 'eraser'));
    const held = await on.engine.enqueue(on.job('a', 'later'));
    await on.ended(3);
    on.partnero.script = () => completed();
    const found = await on.engine.find('a');
    assertSame(
      found.map(({ id, state }) => [id, state]),
      [[held, 'pending']],
    );
    assert.equal((await on.engine.find('b')).length, 1);
    on.engine.release(held);
    assertMatches(await on.idle(), { queued: 4, outcomes: { attributed: 3, erased: 1 } });
  });

  it('a job that cancels another one is delivered behind it, under its ordering key', async () => {
    on.start();
    const held = await on.engine.enqueue(on.job('a', 'sign-up'));
    await submit(sale('inv-1'));
    assert.equal(await submit(refund('inv-1')), null);
    on.engine.release(held);
    await on.ended(3);
    assertSame(delivered(), ['sign-up', 'inv-1', 'refund of inv-1']);
    assert.equal(on.partnero.attempts[2]!.job.orderingKey, 'a');
    assert.equal(await submit(refund('inv-1')), 'duplicate');
    assert.equal(await submit(sale('inv-1')), 'duplicate');
    const names = (await on.engine.find('a')).map(({ jobName }) => jobName);
    assert.ok(names.includes('refund'));
  });

  it('a job that was cancelled before it came completes at once, also after a restart', async () => {
    on.start();
    assert.equal(await submit(refund('inv-1')), null);
    await on.ended(1);
    await on.restart();
    on.start();
    assert.equal(await submit(sale('inv-1')), 'refunded');
    await on.quiet();
    assertSame(delivered(), ['refund of inv-1']);
    const { jobs } = await on.idle();
    assertMatches(jobs['transaction']!, { queued: 1, pending: 0, outcomes: { refunded: 1 } });
  });

  it('a job that cancels another one and completes with releasesKey can be repeated, and that one stays cancelled', async () => {
    on.start();
    on.partnero.script = () => ({ ...completed('not_found'), releasesKey: true });
    assert.equal(await submit(refund('inv-1')), null);
    await on.ended(1);
    assert.equal(await submit(refund('inv-1')), null);
    await on.ended(2);
    assert.equal(await submit(sale('inv-1')), 'refunded');
    await on.quiet();
    assertSame(delivered(), ['refund of inv-1', 'refund of inv-1']);
  });

  it('a job with overrides discards the pending and dead jobs of its ordering key and of no other', async () => {
    on.start({ maxAgeMs: 1 });
    await on.makeDead(['a', 'dead']);
    await on.add('a', 'pending');
    const other = await on.engine.enqueue(on.job('b', 'other'));
    assert.equal(await submit(erasure()), null);
    on.engine.release(other);
    await on.started('erasure');
    await on.started('other');
    const stats = await on.idle();
    assertMatches(stats, { queued: 4, dead: 0, outcomes: { discarded: 2, attributed: 2 } });
    on.assertUnsent('pending');
    const states = (await on.engine.find('a')).map(({ outcome }) => outcome);
    assertSame(states, ['attributed', 'discarded', 'discarded']);
  });

  it('a job with overrides whose key is taken discards what is queued behind the job that has it', async () => {
    const keyed = { ...erasure(), key: { value: 'a', digest: '', ifTaken } };
    on.start({ maxAgeMs: 1 });
    on.partnero.script = () => ({ type: 'retry', reason: '503', jobOnly: true, afterMs: 5 });
    await submit(keyed);
    await on.ended(1);
    await on.add('a', 'sign-up');
    on.partnero.script = () => completed('erased');
    assert.equal(await submit(keyed), 'duplicate');
    const outcomes = { erased: 1, duplicate: 1, discarded: 1 };
    assertMatches(await on.idle(), { queued: 3, dead: 0, outcomes });
    on.assertUnsent('sign-up');
  });
}

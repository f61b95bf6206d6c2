import assert from 'node:assert/strict';
import type { SubmittedJob } from '#lib/outbox/job.js';
import {
  assertMatches,
  assertSame,
  type ConformanceHarness,
} from '#lib/testing/conformance/conformance-harness.js';
import { completed } from '#lib/testing/conformance/scripted-partnero.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

export function moreSubmitCases(on: ConformanceHarness, it: AddCase): void {
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

  it('a submitted job survives a restart', async () => {
    await submit(sale('inv-1'));
    await on.restart();
    on.start();
    await on.started('inv-1');
  });

  it('a key is taken for jobs of one name and one program only', async () => {
    const other = await on.open('other');
    assert.equal(await submit(sale('1')), null);
    assert.equal(await submit({ ...sale('1'), name: 'subscription' }), null);
    assert.equal(await submit(sale('1'), other), null);
  });

  it('jobs without a key are all delivered', async () => {
    on.start();
    for (const label of ['1', '2', '3']) await submit(on.job('a', label));
    await on.ended(3);
    assertSame(on.partnero.delivered, ['1', '2', '3']);
  });

  it('a dead letter holds its key', async () => {
    on.start({ maxAgeMs: 1 });
    on.partnero.script = () => ({ type: 'retry', reason: '503', jobOnly: true, afterMs: 5 });
    await submit(sale('inv-1'));
    await on.ended(1);
    assert.equal(await submit(sale('inv-1', '50.00')), 'conflict');
    assertMatches(await on.engine.stats(), { pending: 0, dead: 1, outcomes: { conflict: 1 } });
  });

  it('a job that cancels a completed one is delivered too', async () => {
    on.start();
    await submit(sale('inv-1'));
    await on.ended(1);
    assert.equal(await submit(refund('inv-1')), null);
    await on.ended(2);
    assert.equal(on.partnero.attempts[1]!.job.orderingKey, 'a');
  });

  it('a job with overrides follows the job that is being sent', async () => {
    on.start();
    const finish = on.partnero.hold('sent');
    await on.add('a', 'sent');
    await on.started('sent');
    await on.add('a', 'pending');
    await submit(erasure());
    await on.quiet();
    assertSame(delivered(), ['sent']);
    finish(completed());
    await on.started('erasure');
    assertMatches(await on.idle(), { outcomes: { attributed: 3, discarded: 1 } });
    assertSame(delivered(), ['sent', 'erasure']);
  });
}

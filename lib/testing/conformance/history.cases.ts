import assert from 'node:assert/strict';
import { assertMatches, type ConformanceHarness } from './conformance-harness.js';
import type { AddCase } from './outbox-conformance.js';
import { type Attempt, completed, failed } from './scripted-partnero.js';

export function historyCases(on: ConformanceHarness, it: AddCase): void {
  const ifTaken = { same: 'duplicate', different: 'conflict', cancelled: 'refunded' };

  it('jobs are found by their ordering key, newest first, with all fields', async () => {
    on.start();
    const queuedAt = Date.now() - 60_000;
    on.partnero.script = () => ({
      ...completed('already_registered'),
      ...{ reason: '422 key', detail: { samePartner: true, ü: [1, null] } },
    });
    const first = await on.engine.submit(on.job('a', 'first', { queuedAt }));
    await on.ended(1);
    const sale = on.job('a', 'second', { name: 'transaction', referralKey: null });
    const key = { value: 'inv-1', digest: '49.00', ifTaken };
    on.partnero.script = () => failed(60_000);
    const second = await on.engine.submit({ ...sale, key });
    const third = await on.engine.submit({ ...sale, key });
    const [newest, pending, oldest, ...rest] = await on.engine.find('a');
    assert.deepEqual(rest, []);
    assertMatches(newest!, {
      id: third.id,
      key: 'inv-1',
      state: 'completed',
      outcome: 'duplicate',
    });
    assertMatches(pending!, {
      ...{ id: second.id, key: 'inv-1', referralKey: null, jobName: 'transaction' },
      ...{ state: 'pending', outcome: null, endedAt: null },
    });
    const { endedAt, ...fields } = oldest!;
    assert.deepEqual(fields, {
      ...{ id: first.id, program: 'default', jobName: 'attribution', customerKey: 'a' },
      ...{ key: null, referralKey: 'ann', state: 'completed', outcome: 'already_registered' },
      ...{ reason: '422 key', detail: { samePartner: true, ü: [1, null] } },
      ...{ attempts: 0, queuedAt: new Date(queuedAt) },
    });
    assert.ok(endedAt instanceof Date && Math.abs(endedAt.getTime() - Date.now()) < 60_000);
    assert.deepEqual(await on.engine.find('b'), []);
  });

  it('at most 1,000 jobs are found, the newest ones', async () => {
    const sale = on.job('a', 'a', { name: 'transaction' });
    const key = { value: 'inv-1', digest: '49.00', ifTaken };
    const submit = () => on.engine.submit({ ...sale, key });
    const first = await submit();
    await Promise.all(Array.from({ length: 1_000 }, submit));
    const last = await submit();
    const found = await on.engine.find('a');
    assert.equal(found.length, 1_000);
    assert.equal(found[0]!.id, last.id);
    assert.ok(!found.some(({ id }) => id === first.id));
  });

  it('forgetting deletes the pending, dead and completed jobs of one customer and of nobody else', async () => {
    on.start({ maxAgeMs: 1 });
    await on.addAll(['a', 'b', 'a']);
    await on.ended(3);
    await on.bury(['a', 'dead']);
    await on.add('a', 'pending');
    assert.deepEqual(await on.engine.forget('a'), { forgotten: 4, inFlight: 0 });
    assert.deepEqual(await on.engine.find('a'), []);
    assert.deepEqual(await on.deadLetters(), []);
    assert.equal((await on.engine.find('b')).length, 1);
    await on.quiet();
    assert.deepEqual(on.partnero.attemptsOf('pending'), []);
    const stats = await on.idle();
    const { attributed = 0, discarded = 0 } = stats.outcomes;
    assert.equal(attributed, 4);
    assert.ok(discarded >= 1);
    await on.add('a', 'new');
    await on.started('new');
  });

  it('forgetting leaves what is being sent or held, and says so', async () => {
    on.start();
    let finish = (_: Attempt['result']) => {};
    on.partnero.script = ({ label }) =>
      label === 'sent'
        ? new Promise((resolve) => (finish = resolve as typeof finish))
        : completed();
    await on.add('a', 'sent');
    await on.started('sent');
    const held = await on.engine.enqueue(on.job('b', 'held'));
    assert.deepEqual(await on.engine.forget('a'), { forgotten: 0, inFlight: 1 });
    assert.deepEqual(await on.engine.forget('b'), { forgotten: 0, inFlight: 1 });
    finish(completed());
    on.engine.release(held);
    await on.ended(2);
    assert.deepEqual(await on.engine.forget('a'), { forgotten: 1, inFlight: 0 });
    assert.deepEqual(await on.engine.forget('b'), { forgotten: 1, inFlight: 0 });
    assertMatches(await on.engine.stats(), { queued: 2, outcomes: { attributed: 2 } });
  });

  it('forgetting makes the keys of the deleted jobs free', async () => {
    on.start();
    const sale = on.job('a', 'sale', { name: 'transaction' });
    const key = { value: 'inv-1', digest: '49.00', ifTaken };
    await on.engine.submit({ ...sale, key });
    await on.ended(1);
    assert.equal((await on.engine.submit({ ...sale, key })).outcome, 'duplicate');
    await on.engine.forget('a');
    assert.equal((await on.engine.submit({ ...sale, key })).outcome, null);
    await on.ended(2);
  });
}

import assert from 'node:assert/strict';
import { types } from 'node:util';
import { assertMatches, assertSame, type ConformanceHarness } from './conformance-harness.js';
import { completed, failed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

export function historyCases(on: ConformanceHarness, it: AddCase): void {
  const ifTaken = { same: 'duplicate', different: 'conflict', cancelled: 'refunded' };

  it('jobs are found by their ordering key, newest first, with all fields', async () => {
    on.start();
    const queuedAt = Date.now() - 60_000;
    on.partnero.script = () => ({
      ...completed('already_registered'),
      reason: '422 key',
      detail: { samePartner: true, ü: [1, null] },
    });
    const first = await on.engine.submit(on.job('a', 'first', { queuedAt }));
    await on.ended(1);
    const sale = on.job('a', 'second', { name: 'transaction', referralKey: null });
    const key = { value: 'inv-1', digest: '49.00', ifTaken };
    on.partnero.script = () => failed(60_000);
    const second = await on.engine.submit({ ...sale, key });
    const third = await on.engine.submit({ ...sale, key });
    const [newest, pending, oldest, ...rest] = await on.engine.find('a');
    assertSame(rest, []);
    assertMatches(newest!, {
      id: third.id,
      key: 'inv-1',
      state: 'completed',
      outcome: 'duplicate',
    });
    assertMatches(pending!, {
      id: second.id,
      key: 'inv-1',
      referralKey: null,
      jobName: 'transaction',
      state: 'pending',
      outcome: null,
      endedAt: null,
    });
    const { endedAt, ...fields } = oldest!;
    assertSame(fields, {
      id: first.id,
      program: 'default',
      jobName: 'attribution',
      customerKey: 'a',
      key: null,
      referralKey: 'ann',
      state: 'completed',
      outcome: 'already_registered',
      reason: '422 key',
      detail: { samePartner: true, ü: [1, null] },
      attempts: 0,
      queuedAt: new Date(queuedAt),
    });
    assert.ok(types.isDate(endedAt) && Math.abs(endedAt.getTime() - Date.now()) < 60_000);
    assertSame(await on.engine.find('b'), []);
  });

  it('the newest jobs are listed, newest first, whatever became of them', async () => {
    on.start({ maxAgeMs: 1 });
    await on.add('a', 'done');
    await on.ended(1);
    await on.makeDead(['b', 'dead']);
    on.partnero.script = () => failed(60_000);
    await on.add('c', 'pending');
    await on.started('pending');
    const found = await on.engine.recent(10);
    assertSame(
      found.map(({ customerKey, state, outcome }) => [customerKey, state, outcome]),
      [
        ['c', 'pending', null],
        ['b', 'dead', 'dead'],
        ['a', 'completed', 'attributed'],
      ],
    );
    const endedAt = found.at(-1)?.endedAt;
    assert.ok(types.isDate(endedAt) && Math.abs(endedAt.getTime() - Date.now()) < 60_000);
    const newest = await on.engine.recent(2);
    assertSame(
      newest.map(({ id }) => id),
      found.slice(0, 2).map(({ id }) => id),
    );
  });

  it('forgetting deletes the pending, dead and completed jobs of one customer and of nobody else', async () => {
    on.start({ maxAgeMs: 1 });
    await on.addAll(['a', 'b', 'a']);
    await on.ended(3);
    await on.makeDead(['a', 'dead']);
    await on.add('a', 'pending');
    assertSame(await on.engine.forget('a'), { forgotten: 4, inFlight: 0 });
    assertSame(await on.engine.find('a'), []);
    assertSame(await on.deadLetters(), []);
    assert.equal((await on.engine.find('b')).length, 1);
    await on.quiet();
    on.assertUnsent('pending');
    const stats = await on.idle();
    assertMatches(stats, { pending: 0, dead: 0 });
    const { attributed = 0, discarded = 0 } = stats.outcomes;
    assert.equal(attributed, 4);
    assert.ok(discarded >= 1);
    await on.add('a', 'new');
    await on.started('new');
  });

  it('forgetting leaves the pending jobs of a name that it must keep', async () => {
    await on.add('a');
    const kept = { ...on.job('a', 'kept'), name: 'erasure' };
    await on.engine.submit(kept);
    assertSame(await on.engine.forget('a', 'erasure'), { forgotten: 1, inFlight: 1 });
    on.start();
    await on.ended(1);
    assertMatches(await on.engine.stats(), {
      queued: 2,
      outcomes: { attributed: 1, discarded: 1 },
    });
    assertSame(await on.engine.forget('a', 'erasure'), { forgotten: 1, inFlight: 0 });
  });

  it('forgetting leaves what is being sent or held, and says so', async () => {
    on.start();
    const finish = on.partnero.hold('sent');
    await on.add('a', 'sent');
    await on.started('sent');
    const held = await on.engine.enqueue(on.job('b', 'held'));
    assertSame(await on.engine.forget('a'), { forgotten: 0, inFlight: 1 });
    assertSame(await on.engine.forget('b'), { forgotten: 0, inFlight: 1 });
    finish(completed());
    on.engine.release(held);
    await on.ended(2);
    assertSame(await on.engine.forget('a'), { forgotten: 1, inFlight: 0 });
    assertSame(await on.engine.forget('b'), { forgotten: 1, inFlight: 0 });
    assertMatches(await on.engine.stats(), { queued: 2, outcomes: { attributed: 2 } });
  });
}

import assert from 'node:assert/strict';
import { types } from 'node:util';
import { assertMatches, assertSame, type ConformanceHarness } from './conformance-harness.js';
import { completed, failed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

export function deadLetterCases(on: ConformanceHarness, it: AddCase): void {
  it('dead letters are listed oldest first, with the reason', async () => {
    on.start({ maxAgeMs: 1 });
    const ids = await on.makeDead(['a', 'first'], ['b', 'second'], ['c', 'third']);
    const found = await on.deadLetters();
    assertSame(
      found.map(({ id }) => id),
      ids,
    );
    assertMatches(found[0]!, { state: 'dead', customerKey: 'a', reason: '503' });
    assert.ok(types.isDate(found[0]!.endedAt));
    assertMatches(await on.engine.stats(), { queued: 3, pending: 0, dead: 3, outcomes: {} });
  });

  it('jobs behind a dead letter wait, and go on after it is requeued', async () => {
    on.start({ maxAgeMs: 1 });
    await on.makeDead(['a', 'sign-up']);
    await on.add('a', 'sale');
    await on.quiet();
    on.assertUnsent('sale');
    assertMatches(await on.engine.stats(), { pending: 1, dead: 1 });
    const before = on.partnero.attempts.length;
    assert.equal(await on.engine.requeue({ customerKey: 'a' }), 1);
    await on.started('sale');
    assertSame(on.partnero.delivered.slice(before), ['sign-up', 'sale']);
    assert.equal(on.partnero.attempts[before]!.job.attempts, 0);
    assertMatches(await on.idle(), { queued: 3, dead: 0, outcomes: { attributed: 3 } });
  });

  it('dead letters are requeued by id, customerKey, jobName, or all at once', async () => {
    const control = on.start({ maxAgeMs: 1 });
    const [a] = await on.makeDead(['a', 'a1'], ['b', 'b1'], ['c', 'c1'], ['d', 'd1']);
    on.partnero.script = () => failed(5);
    await on.engine.submit(on.job('c', 'c2', { name: 'transaction' }));
    await on.engine.submit(on.job('e', 'e1', { name: 'transaction' }));
    await on.eventually('e1 is dead', () => on.partnero.endsOf('e1').length > 0);
    control.pause('queue_paused');
    assert.equal(await on.engine.requeue({ id: a! }), 1);
    assert.equal(await on.engine.requeue({ id: a! }), 0);
    assert.equal(await on.engine.requeue({ customerKey: 'b', jobName: 'transaction' }), 0);
    assert.equal(await on.engine.requeue({ customerKey: 'b', jobName: 'attribution' }), 1);
    assert.equal(await on.engine.requeue({ jobName: 'transaction' }), 1);
    assert.equal(await on.engine.requeue({}), 2);
    assert.equal(await on.engine.requeue({}), 0);
    assertMatches(await on.engine.stats(), { queued: 6, pending: 6, dead: 0 });
    on.partnero.script = () => completed();
    control.resume();
    assertMatches(await on.idle(), { dead: 0, outcomes: { attributed: 6 } });
  });
}

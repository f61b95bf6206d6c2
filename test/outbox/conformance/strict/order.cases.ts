import assert from 'node:assert/strict';
import {
  assertSame,
  type ConformanceHarness,
} from '#lib/testing/conformance/conformance-harness.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

export function moreOrderCases(on: ConformanceHarness, it: AddCase): void {
  it('a held job of one engine makes the later jobs of its ordering key wait in the other engine', async () => {
    const other = await on.open();
    on.start();
    on.start({}, other);
    const held = await on.engine.enqueue(on.job('a', 'held'));
    await on.add('a', 'later', other);
    await on.quiet();
    await on.quiet(other);
    on.assertUnsent('later');
    on.engine.release(held);
    await on.ended(4);
    assertSame(
      on.partnero.delivered.filter((label) => !label.startsWith('last')),
      ['held', 'later'],
    );
  });

  it('later jobs go on when the held job before them is discarded', async () => {
    on.start();
    const held = await on.engine.enqueue(on.job('a', 'held'));
    await on.add('a', 'later');
    await on.quiet();
    on.assertUnsent('later');
    assert.equal(await on.engine.discard(held), true);
    await on.started('later');
  });

  it('many jobs that wait behind another one do not delay other ordering keys', async () => {
    on.start();
    const held = await on.engine.enqueue(on.job('a', 'held'));
    await on.addAll(numbers(300).map(() => 'a'));
    await on.add('b');
    await on.started('b');
    assertSame(on.partnero.delivered, ['b']);
    on.engine.release(held);
    await on.ended(302);
  });
}

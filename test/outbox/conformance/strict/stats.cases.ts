import assert from 'node:assert/strict';
import {
  assertSame,
  type ConformanceHarness,
} from '#lib/testing/conformance/conformance-harness.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

export function moreStatsCases(on: ConformanceHarness, it: AddCase): void {
  it('the time of the oldest pending job is shown, held jobs included', async () => {
    const queuedAt = Date.now() - 1_000_000;
    const oldest = await on.engine.enqueue(on.job('a', 'a', { queuedAt }));
    const next = await on.engine.enqueue(on.job('b', 'b', { queuedAt: queuedAt + 5 }));
    const oldestPendingAt = async () => (await on.engine.stats()).oldestPendingAt;
    assertSame(await oldestPendingAt(), new Date(queuedAt));
    await on.engine.discard(oldest);
    assertSame(await oldestPendingAt(), new Date(queuedAt + 5));
    on.start();
    on.engine.release(next);
    await on.idle();
    assert.equal(await oldestPendingAt(), null);
  });
}

import assert from 'node:assert/strict';
import { assertMatches, type ConformanceHarness } from './conformance-harness.js';
import type { AddCase } from './test-framework.js';

export function heldCases(on: ConformanceHarness, it: AddCase): void {
  it('a held job is delivered once it is released, with everything that was enqueued', async () => {
    on.start();
    const job = on.job('a');
    const id = await on.engine.enqueue(job);
    await on.quiet();
    on.assertUnsent('a');
    assertMatches(await on.engine.stats(), { queued: 2, pending: 1 });
    on.engine.release(id);
    await on.ended(2);
    const [attempt] = on.partnero.attemptsOf('a');
    assertMatches(attempt!.job, { ...job, id, attempts: 0 });
    assert.equal(attempt!.job.checkpoint ?? null, null);
    assertMatches(await on.engine.stats(), { pending: 0, outcomes: { attributed: 2 } });
  });

  it('a discarded job is never delivered, even if it is released or the engine restarts', async () => {
    on.start();
    const id = await on.engine.enqueue(on.job('a'));
    assert.equal(await on.engine.discard(id), true);
    assert.equal(await on.engine.discard(id), false);
    on.engine.release(id);
    await on.quiet();
    await on.restart();
    on.start();
    await on.quiet();
    on.assertUnsent('a');
    assertMatches(await on.idle(), { queued: 3, outcomes: { discarded: 1, attributed: 2 } });
  });

  it('discarding a released or unknown job does nothing', async () => {
    const id = await on.add('a');
    assert.equal(await on.engine.discard(id), false);
    assert.equal(await on.engine.discard('no such job'), false);
    on.start();
    await on.ended(1);
    assert.equal(await on.engine.discard(id), false);
    assertMatches(await on.idle(), { queued: 1, outcomes: { attributed: 1 } });
  });

  it('a job that replaces a held one discards it in the same step', async () => {
    on.start();
    const first = await on.engine.enqueue(on.job('a', 'first'));
    const second = await on.engine.enqueue(on.job('a', 'second'), first);
    on.engine.release(first);
    assert.equal(await on.engine.discard(first), false);
    on.engine.release(second);
    await on.quiet();
    assert.equal(on.partnero.attemptsOf('second').length, 1);
    on.assertUnsent('first');
    assertMatches(await on.idle(), { queued: 3, outcomes: { discarded: 1, attributed: 2 } });
  });

  it('a held job of an engine that closes counts as released, for engines that run and for later ones', async () => {
    const other = await on.open();
    await on.engine.enqueue(on.job('a'));
    await other.enqueue(on.job('b'));
    on.start();
    await on.quiet();
    on.assertUnsent('b');
    await on.close(other);
    await on.started('b');
    await on.restart();
    on.start();
    await on.started('a');
  });
}

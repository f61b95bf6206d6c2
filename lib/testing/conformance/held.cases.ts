import assert from 'node:assert/strict';
import { assertMatches, type ConformanceHarness } from './conformance-harness.js';
import type { AddCase } from './outbox-conformance.js';

export function heldCases(on: ConformanceHarness, it: AddCase): void {
  it('a held job is delivered once it is released, with everything that was enqueued', async () => {
    on.start();
    const job = on.job('a');
    const id = await on.engine.enqueue(job);
    await on.quiet();
    assert.deepEqual(on.partnero.attemptsOf('a'), []);
    assertMatches(await on.engine.stats(), { queued: 2, pending: 1 });
    on.engine.release(id);
    await on.ended(2);
    const [attempt] = on.partnero.attemptsOf('a');
    assertMatches(attempt!.job, { ...job, id, attempts: 0 });
    assert.equal(attempt!.job.checkpoint ?? null, null);
    assertMatches(await on.engine.stats(), { pending: 0, outcomes: { attributed: 2 } });
  });

  it('jobs that were released before the start of delivery are delivered after it', async () => {
    await on.addAll(['a', 'b']);
    on.start();
    await on.ended(2);
  });

  it('a job that is released twice is delivered once', async () => {
    on.start();
    const id = await on.add('a');
    on.engine.release(id);
    await on.ended(1);
    on.engine.release(id);
    on.engine.release('no such job');
    await on.quiet();
    assert.equal(on.partnero.attemptsOf('a').length, 1);
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
    assert.deepEqual(on.partnero.attemptsOf('a'), []);
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

  it('of 200 jobs that are discarded and released at once, each is either discarded or delivered', async () => {
    on.start();
    const race = async (n: number) => {
      const id = await on.engine.enqueue(on.job(`${n}`));
      if (n % 4 === 0) on.engine.release(id);
      const discarding = on.engine.discard(id);
      if (n % 4 === 2) await Promise.resolve();
      if (n % 4 === 3) await new Promise(setImmediate);
      on.engine.release(id);
      return discarding;
    };
    const discarded = await Promise.all(Array.from({ length: 200 }, (_, n) => race(n)));
    await on.idle();
    const delivered = discarded.map((_, n) => on.partnero.attemptsOf(`${n}`).length === 1);
    assert.deepEqual(
      delivered,
      discarded.map((each) => !each),
    );
    assert.equal(
      (await on.engine.stats()).outcomes['discarded'] ?? 0,
      discarded.filter(Boolean).length,
    );
  });

  it('of 100 jobs that are discarded while their engine closes, none is discarded and delivered', async () => {
    const other = await on.open();
    on.start({}, other);
    const ids = await Promise.all(
      Array.from({ length: 100 }, (_, n) => on.engine.enqueue(on.job(`${n}`))),
    );
    const discarding = ids.map((id) => on.engine.discard(id).catch(() => null));
    await on.close();
    const discarded = await Promise.all(discarding);
    await on.idle(other);
    for (const [n, wasDiscarded] of discarded.entries()) {
      const delivered = on.partnero.attemptsOf(`${n}`).length > 0;
      if (wasDiscarded !== null) assert.equal(delivered, !wasDiscarded, `job ${n}`);
    }
  });

  it('a job that replaces a held one discards it in the same step', async () => {
    on.start();
    const first = await on.engine.enqueue(on.job('a', 'first'));
    const second = await on.engine.enqueue(on.job('a', 'second'), first);
    on.engine.release(first);
    assert.equal(await on.engine.discard(first), false);
    on.engine.release(second);
    await on.quiet();
    assert.deepEqual(on.partnero.delivered.slice(0, 1), ['second']);
    assert.deepEqual(on.partnero.attemptsOf('first'), []);
    assertMatches(await on.idle(), { queued: 3, outcomes: { discarded: 1, attributed: 2 } });
  });

  it('a held job of an engine that closes counts as released, for engines that run and for later ones', async () => {
    const other = await on.open();
    await on.engine.enqueue(on.job('a'));
    await other.enqueue(on.job('b'));
    on.start();
    await on.quiet();
    assert.deepEqual(on.partnero.attemptsOf('b'), []);
    await on.close(other);
    await on.started('b');
    await on.restart();
    on.start();
    await on.started('a');
  });

  it('more released jobs than an engine may keep in memory are all delivered', async () => {
    on.start({ concurrency: 50 });
    await on.addAll(Array.from({ length: 1_300 }, (_, n) => `${n}`));
    await on.ended(1_300);
    assert.equal(new Set(on.partnero.delivered).size, 1_300);
    assert.equal(on.partnero.delivered.length, 1_300);
  });
}

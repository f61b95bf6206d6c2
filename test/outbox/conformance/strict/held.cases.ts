import assert from 'node:assert/strict';
import {
  assertSame,
  type ConformanceHarness,
} from '#lib/testing/conformance/conformance-harness.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

export function moreHeldCases(on: ConformanceHarness, it: AddCase): void {
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

  it('a job whose id was chosen before is saved once, however often it is enqueued', async () => {
    const job = { ...on.job('a'), id: '019aa000-0000-7000-8000-000000000001' };
    assert.equal(await on.engine.enqueue(job), job.id);
    assert.equal(await on.engine.enqueue(job), job.id);
    on.engine.release(job.id);
    on.start();
    await on.ended(1);
    await on.engine.enqueue(job);
    await on.engine.submit(job);
    await on.quiet();
    assert.equal(on.partnero.attemptsOf('a').length, 1);
    assertSame((await on.idle()).queued, 2);
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
    assertSame(
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

  it('more released jobs than an engine may keep in memory are all delivered', async () => {
    on.start({ concurrency: 50 });
    await on.addAll(Array.from({ length: 1_300 }, (_, n) => `${n}`));
    await on.ended(1_300);
    assert.equal(new Set(on.partnero.delivered).size, 1_300);
    assert.equal(on.partnero.delivered.length, 1_300);
  });
}

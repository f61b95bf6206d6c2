import assert from 'node:assert/strict';
import { assertAddsUp, assertMatches, type ConformanceHarness } from './conformance-harness.js';
import { completed, failed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

export function statsCases(on: ConformanceHarness, it: AddCase): void {
  it('a new outbox has counted nothing', async () => {
    assertMatches(await on.engine.stats(), {
      queued: 0,
      pending: 0,
      dead: 0,
      outcomes: {},
      jobs: {},
      program: 'default',
      location: on.engine.location,
      oldestPendingAt: null,
      paused: null,
      storage: { ok: true, problem: null },
    });
  });

  it('counts are kept by job name, and survive a restart', async () => {
    const control = on.start({ maxAgeMs: 1 });
    on.partnero.script = ({ job }) =>
      completed(job.name === 'transaction' ? 'recorded' : 'attributed');
    await on.makeDead(['a', 'dead']);
    await on.addAll(['b', 'c']);
    await on.engine.submit(on.job('d', 'd', { name: 'transaction' }));
    await on.engine.discard(await on.engine.enqueue(on.job('x')));
    await on.ended(4);
    control.pause('queue_paused');
    await on.engine.submit(on.job('e', 'e', { name: 'transaction' }));
    const attribution = {
      queued: 4,
      pending: 0,
      dead: 1,
      outcomes: { attributed: 2, discarded: 1 },
    };
    const transaction = { queued: 2, pending: 1, dead: 0, outcomes: { recorded: 1 } };
    const expected = {
      queued: 6,
      pending: 1,
      dead: 1,
      outcomes: { attributed: 2, discarded: 1, recorded: 1 },
      jobs: { attribution, transaction },
    };
    assertMatches(await on.engine.stats(), expected);
    await on.restart();
    assertMatches(await on.engine.stats(), expected);
  });

  it('counts add up at every moment while two engines work', async () => {
    const other = await on.open();
    for (const each of [on.engine, other]) on.start({ maxAgeMs: 20 }, each);
    on.partnero.script = ({ label, nth }) => {
      if (label.startsWith('dead')) return failed(3);
      return nth === 1 && Math.random() < 0.3 ? failed() : completed(`outcome-${label.length}`);
    };
    const work = async (n: number) => {
      const engine = n % 2 ? on.engine : other;
      if (n % 10 === 3) return on.add(`dead-${n}`, `dead-${n}`, engine);
      const id = await engine.enqueue(on.job(`${n}`));
      if (n % 10 !== 4 || !(await engine.discard(id))) engine.release(id);
    };
    const working = (async () => {
      for (let n = 0; n < 200; n += 20) {
        await Promise.all(Array.from({ length: 20 }, (_, i) => work(n + i)));
      }
    })();
    await on.eventually('all jobs ended', async () => {
      const stats = await on.engine.stats();
      if (on.exactCounts) assertAddsUp(stats);
      return stats.queued === 200 && stats.pending === 0;
    });
    await working;
    assertMatches(await other.stats(), { queued: 200, pending: 0, dead: 20 });
    assert.equal((await other.stats()).outcomes['discarded'], 20);
  });
}

import assert from 'node:assert/strict';
import { assertMatches, assertSame, type ConformanceHarness, keys } from './conformance-harness.js';
import { type Attempt, completed, failed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

/** Timers may fire this much early. Milliseconds. */
const EARLY_MS = 5;

const gapMs = ([first, second]: Attempt[]) => second!.startedAt - first!.startedAt;

export function retryCases(on: ConformanceHarness, it: AddCase): void {
  const attempts = (label: string) => on.partnero.attemptsOf(label).map(({ job }) => job.attempts);

  it('a job that fails is retried until it completes, and each attempt is counted', async () => {
    on.start();
    on.partnero.script = ({ nth }) => (nth < 4 ? failed() : completed());
    await on.add('a');
    await on.ended(1);
    assertSame(attempts('a'), [0, 1, 2, 3]);
    assertMatches((await on.engine.find('a'))[0]!, { state: 'completed', attempts: 3 });
  });

  it('a deferred job waits as long as it asks for, and uses no attempt', async () => {
    on.start({ maxAgeMs: 1 });
    on.partnero.script = ({ nth }) =>
      nth < 4 ? { type: 'defer', reason: 'grace', ms: 60 } : completed();
    await on.add('a');
    await on.ended(1);
    assertSame(attempts('a'), [0, 0, 0, 0]);
    assert.ok(gapMs(on.partnero.attempts) >= 60 - EARLY_MS);
    assertMatches(await on.idle(), { dead: 0, outcomes: { attributed: 1 } });
  });

  it('a job is dead only when it fails and its first failure is older than maxAgeMs', async () => {
    on.start({ maxAgeMs: 250 });
    const queuedAt = Date.now() - 1_000_000;
    on.partnero.script = ({ nth }) =>
      nth <= 2 ? { type: 'defer', reason: 'grace', ms: 200 } : failed();
    await on.engine.submit(on.job('a', 'a', { queuedAt }));
    await on.ended(1);
    const ended = performance.now();
    const all = on.partnero.attemptsOf('a');
    assert.ok(all.length > 3, 'dead at its first failure');
    assert.ok(ended - all[2]!.startedAt >= 250 - EARLY_MS, 'dead too early');
    assertMatches(on.partnero.endsOf('a')[0]!, { type: 'dead', reason: '503' });
    assertMatches(await on.engine.stats(), { pending: 0, dead: 1, outcomes: {} });
  });

  it('a checkpoint is there at the next attempt and after a restart', async () => {
    on.start();
    const seen: (string | null)[] = [];
    on.partnero.script = async ({ job, checkpoint, nth }) => {
      seen.push(job.checkpoint ?? null);
      assert.equal(await checkpoint.save(`{"nth":${nth},"ü":"😀"}`), true);
      return nth < 3 ? failed(nth === 2 ? 100 : 0) : completed();
    };
    await on.add('a');
    await on.started('a', 2);
    await on.restart();
    on.start();
    await on.ended(1);
    assertSame(seen, [null, '{"nth":1,"ü":"😀"}', '{"nth":2,"ü":"😀"}']);
  });

  it('onEnd is called once for each job, with its result', async () => {
    on.start();
    on.partnero.script = ({ nth }) =>
      nth === 1 && Math.random() < 0.3 ? failed() : completed('recorded');
    await on.addAll(keys(100));
    await on.ended(100);
    await on.quiet();
    // The job that this added may be retried too.
    await on.ended(101);
    assert.equal(new Set(on.partnero.ends.map(({ job }) => job.id)).size, 101);
    assert.equal(on.partnero.ends.length, 101);
    assertMatches(on.partnero.endsOf('0')[0]!, completed('recorded'));
  });
}

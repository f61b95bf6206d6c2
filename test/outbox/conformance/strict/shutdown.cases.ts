import assert from 'node:assert/strict';
import {
  assertMatches,
  type ConformanceHarness,
  keys,
  sleep,
} from '#lib/testing/conformance/conformance-harness.js';
import { completed, failed } from '#lib/testing/conformance/scripted-partnero.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

/** For an engine to end attempts that don't end by themselves. Milliseconds. */
const GRACE_MS = 3_000;

export function moreShutdownCases(on: ConformanceHarness, it: AddCase): void {
  it('drain does not wait for jobs that are not due, for held ones, or while delivery is paused', async () => {
    const other = await on.open();
    const control = on.start();
    const otherControl = on.start({}, other);
    on.partnero.script = () => failed(60_000);
    await on.add('a');
    await on.started('a');
    await on.engine.enqueue(on.job('b'));
    const started = performance.now();
    otherControl.pause('wrong_program');
    await Promise.all([control.drain(60_000), otherControl.drain(60_000)]);
    assert.ok(performance.now() - started < GRACE_MS);
  });

  it('a result that comes after the job was released has no effect, and its checkpoint is refused', async () => {
    const control = on.start();
    const finish = on.partnero.hold('a');
    await on.add('a');
    await on.started('a');
    await control.drain(20);
    const other = await on.open();
    on.partnero.script = () => completed('recorded');
    on.start({}, other);
    await on.ended(1);
    const saved = await on.partnero.attempts[0]!.checkpoint.save('late').catch(() => false);
    assert.equal(saved, false);
    finish(completed('attributed'));
    await sleep(60);
    assert.equal(on.partnero.ends.length, 1);
    assertMatches(await on.engine.stats(), { queued: 1, outcomes: { recorded: 1 } });
  });

  it('engines that are closed without a drain, again and again, leave every job to another one', async () => {
    const survivor = on.engine;
    on.partnero.script = () => (Math.random() < 0.7 ? failed() : completed());
    for (let round = 0; round < 20; round += 1) {
      const engine = await on.open();
      on.start({ initialBackoffMs: 1, maxBackoffMs: 3 }, engine);
      for (const key of keys(8)) await on.add(key, `${key}-${round}`, engine);
      await sleep(Math.random() * 15);
      await on.close(engine);
    }
    on.partnero.script = () => completed();
    on.start({}, survivor);
    assertMatches(await on.idle(survivor), { pending: 0, outcomes: { attributed: 160 } });
  });

  it('jobs can be enqueued by an engine that does not deliver, for one that does', async () => {
    const other = await on.open();
    on.start({}, other);
    await on.addAll(keys(3));
    await on.engine.submit(on.job('submitted'));
    await on.ended(4);
    assertMatches(await on.engine.stats(), { pending: 0, outcomes: { attributed: 4 } });
  });

  it('two results of a job, of an engine that was closed and of the one that took over, count once', async () => {
    on.start();
    const finish = on.partnero.hold('a');
    await on.add('a');
    await on.started('a');
    const other = await on.open();
    await on.close();
    on.start({}, other);
    await on.started('a', 2);
    finish(completed());
    await on.ended(1);
    await on.quiet(other);
    assert.equal(on.partnero.endsOf('a').length, 1);
    assertMatches(await on.idle(other), { queued: 2, outcomes: { attributed: 2 } });
  });
}

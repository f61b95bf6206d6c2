import assert from 'node:assert/strict';
import {
  assertMatches,
  assertSame,
  type ConformanceHarness,
  keys,
  sleep,
} from './conformance-harness.js';
import { type Attempt, completed, failed } from './scripted-partnero.js';
import type { AddCase } from './test-framework.js';

/** For an engine to end attempts that don't end by themselves. Milliseconds. */
const GRACE_MS = 3_000;

const untilAborted = ({ signal }: Attempt) =>
  new Promise<ReturnType<typeof failed>>((resolve) => {
    signal.addEventListener('abort', () => resolve({ type: 'retry', reason: 'aborted' }));
  });

export function shutdownCases(on: ConformanceHarness, it: AddCase): void {
  it('drain finishes what is being sent and what is due, and then nothing more is delivered', async () => {
    const control = on.start({ concurrency: 3 });
    on.partnero.script = async () => {
      await sleep(5);
      return completed();
    };
    await on.addAll(keys(30));
    await control.drain(GRACE_MS);
    assertMatches(await on.engine.stats(), { pending: 0, outcomes: { attributed: 30 } });
    assert.equal(on.partnero.ends.length, 30);
    await on.add('late');
    await control.drain(GRACE_MS);
    await sleep(60);
    on.assertUnsent('late');
    await on.restart();
    on.start();
    await on.started('late');
  });

  it('drain aborts what takes too long and releases it, without using an attempt', async () => {
    const control = on.start({ concurrency: 3 });
    on.partnero.script = untilAborted;
    await on.addAll(keys(10));
    await on.eventually('three are being sent', () => on.partnero.inFlight.length === 3);
    const started = performance.now();
    await control.drain(50);
    assert.ok(performance.now() - started < GRACE_MS);
    assert.equal(on.partnero.attempts.length, 3);
    assert.ok(on.partnero.attempts.every(({ signal }) => signal.aborted));
    const other = await on.open();
    on.partnero.script = () => completed();
    on.start({}, other);
    assertMatches(await on.idle(other), { outcomes: { attributed: 10 } });
    assert.ok(on.partnero.attempts.every(({ job }) => job.attempts === 0));
  });

  it('close releases all that the engine holds and sends, and the store keeps the rest', async () => {
    on.start({ concurrency: 2 });
    on.partnero.script = untilAborted;
    await on.addAll(keys(5));
    await on.engine.enqueue(on.job('held'));
    await on.eventually('two are being sent', () => on.partnero.inFlight.length === 2);
    await on.close();
    on.partnero.script = () => completed();
    on.engine = await on.open();
    on.start();
    assertMatches(await on.idle(), { queued: 6, dead: 0, outcomes: { attributed: 6 } });
    assertSame(new Set(on.partnero.ends.map(({ label }) => label)).size, 6);
  });
}

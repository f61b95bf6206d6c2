import assert from 'node:assert/strict';
import { assertMatches, type ConformanceHarness, sleep } from './conformance-harness.js';
import type { AddCase } from './outbox-conformance.js';
import { type Attempt, completed, failed } from './scripted-partnero.js';

/** For an engine to end attempts that don't end by themselves. Milliseconds. */
const GRACE_MS = 3_000;

export function shutdownCases(on: ConformanceHarness, it: AddCase): void {
  const keys = (count: number) => Array.from({ length: count }, (_, n) => `${n}`);
  const untilAborted = ({ signal }: Attempt) =>
    new Promise<ReturnType<typeof failed>>((resolve) => {
      signal.addEventListener('abort', () => resolve({ type: 'retry', reason: 'aborted' }));
    });

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
    assert.deepEqual(on.partnero.attemptsOf('late'), []);
    await on.restart();
    on.start();
    await on.started('late');
  });

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

  it('a result that comes after the job was released has no effect, and its checkpoint is refused', async () => {
    const control = on.start();
    let finish = (_: Attempt['result']) => {};
    on.partnero.script = () => new Promise((resolve) => (finish = resolve as typeof finish));
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
    assert.deepEqual(new Set(on.partnero.ends.map(({ label }) => label)).size, 6);
  });

  it('jobs can be enqueued by an engine that does not deliver, for one that does', async () => {
    const other = await on.open();
    on.start({}, other);
    await on.addAll(keys(3));
    await on.engine.submit(on.job('submitted'));
    await on.ended(4);
    assertMatches(await on.engine.stats(), { pending: 0, outcomes: { attributed: 4 } });
  });
}

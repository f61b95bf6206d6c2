import assert from 'node:assert/strict';
import { assertMatches, type ConformanceHarness, sleep } from './conformance-harness.js';
import type { AddCase } from './outbox-conformance.js';
import { completed, failed } from './scripted-partnero.js';

export function deadLetterCases(on: ConformanceHarness, it: AddCase): void {
  it('dead letters are listed oldest first, with the reason', async () => {
    on.start({ maxAgeMs: 1 });
    const ids = await on.bury(['a', 'first'], ['b', 'second'], ['c', 'third']);
    const found = await on.deadLetters();
    assert.deepEqual(
      found.map(({ id }) => id),
      ids,
    );
    assertMatches(found[0]!, { state: 'dead', customerKey: 'a', reason: '503' });
    assert.ok(found[0]!.endedAt instanceof Date);
    assertMatches(await on.engine.stats(), { queued: 3, pending: 0, dead: 3, outcomes: {} });
  });

  it('all of 460 dead letters are listed once, and reading may stop early', async () => {
    on.start({ maxAgeMs: 1, concurrency: 50 });
    on.partnero.script = () => failed(3);
    const ids = await on.addAll(Array.from({ length: 460 }, (_, n) => `${n}`));
    await on.ended(460);
    const found = (await on.deadLetters()).map(({ id }) => id);
    assert.deepEqual(found.toSorted(), ids.toSorted());
    for await (const { id } of on.engine.deadLetters()) {
      assert.equal(id, found[0]);
      break;
    }
  });

  it('jobs behind a dead letter wait, and go on after it is requeued', async () => {
    on.start({ maxAgeMs: 1 });
    await on.bury(['a', 'sign-up']);
    await on.add('a', 'sale');
    await on.quiet();
    assert.deepEqual(on.partnero.attemptsOf('sale'), []);
    assertMatches(await on.engine.stats(), { pending: 1, dead: 1 });
    const before = on.partnero.attempts.length;
    assert.equal(await on.engine.requeue({ customerKey: 'a' }), 1);
    await on.started('sale');
    assert.deepEqual(on.partnero.delivered.slice(before), ['sign-up', 'sale']);
    assert.equal(on.partnero.attempts[before]!.job.attempts, 0);
    assertMatches(await on.idle(), { queued: 3, dead: 0, outcomes: { attributed: 3 } });
  });

  it('jobs behind a dead letter wait after a restart too, and go on when it is requeued by its id', async () => {
    on.start({ maxAgeMs: 1 });
    const [dead] = await on.bury(['a', 'sign-up']);
    await on.restart();
    on.start();
    await on.add('a', 'sale');
    await on.quiet();
    assert.deepEqual(on.partnero.attemptsOf('sale'), []);
    assert.equal(await on.engine.requeue({ id: dead! }), 1);
    await on.started('sale');
  });

  it('a requeued job has its full age again', async () => {
    on.start({ maxAgeMs: 120 });
    on.partnero.script = () => failed();
    const id = await on.add('a');
    await on.ended(1);
    const { length } = on.partnero.attempts;
    on.partnero.script = ({ nth }) => (nth === length + 1 ? failed() : completed());
    assert.equal(await on.engine.requeue({ id }), 1);
    await on.ended(2);
    assertMatches(await on.idle(), { dead: 0, outcomes: { attributed: 1 } });
  });

  it('dead letters are requeued by id, customerKey, jobName, or all at once', async () => {
    const control = on.start({ maxAgeMs: 1 });
    const [a] = await on.bury(['a', 'a1'], ['b', 'b1'], ['c', 'c1'], ['d', 'd1']);
    on.partnero.script = () => failed(5);
    await on.engine.submit(on.job('c', 'c2', { name: 'transaction' }));
    await on.engine.submit(on.job('e', 'e1', { name: 'transaction' }));
    await on.eventually('e1 is dead', () => on.partnero.endsOf('e1').length > 0);
    control.pause('queue_paused');
    assert.equal(await on.engine.requeue({ id: a! }), 1);
    assert.equal(await on.engine.requeue({ id: a! }), 0);
    assert.equal(await on.engine.requeue({ customerKey: 'b', jobName: 'transaction' }), 0);
    assert.equal(await on.engine.requeue({ customerKey: 'b', jobName: 'attribution' }), 1);
    assert.equal(await on.engine.requeue({ jobName: 'transaction' }), 1);
    assert.equal(await on.engine.requeue({}), 2);
    assert.equal(await on.engine.requeue({}), 0);
    assertMatches(await on.engine.stats(), { queued: 6, pending: 6, dead: 0 });
    on.partnero.script = () => completed();
    control.resume();
    assertMatches(await on.idle(), { dead: 0, outcomes: { attributed: 6 } });
  });

  it('an id that belongs to no dead letter requeues nothing', async () => {
    const control = on.start({ maxAgeMs: 1 });
    await on.bury(['a', 'a']);
    const done = await on.add('b');
    await on.started('b');
    await sleep(20);
    control.pause('queue_paused');
    const pending = await on.add('c');
    const odd = ['', 'x', '0', '1', '1.5', '-1', 'NaN', 'null', "' OR 1=1 --", '%', '*', 'a\nb'];
    const uuid = '01890a5d-ac96-774b-bcce-b302099a8057';
    for (const id of [...odd, uuid, 'x'.repeat(5_000), done, pending]) {
      assert.equal(await on.engine.requeue({ id }), 0, id.slice(0, 50));
    }
    control.resume();
    assertMatches(await on.idle(), { dead: 1, outcomes: { attributed: 2 } });
  });
}

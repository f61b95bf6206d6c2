import assert from 'node:assert/strict';
import {
  assertMatches,
  assertSame,
  type ConformanceHarness,
  sleep,
} from '#lib/testing/conformance/conformance-harness.js';
import { completed, failed } from '#lib/testing/conformance/scripted-partnero.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

export function moreDeadLetterCases(on: ConformanceHarness, it: AddCase): void {
  it('all of 460 dead letters are listed once, and reading may stop early', async () => {
    on.start({ maxAgeMs: 1, concurrency: 50 });
    on.partnero.script = () => failed(3);
    const ids = await on.addAll(Array.from({ length: 460 }, (_, n) => `${n}`));
    await on.ended(460);
    const found = (await on.deadLetters()).map(({ id }) => id);
    assertSame(found.toSorted(), ids.toSorted());
    for await (const { id } of on.engine.deadLetters()) {
      assert.equal(id, found[0]);
      break;
    }
  });

  it('jobs behind a dead letter wait after a restart too, and go on when it is requeued by its id', async () => {
    on.start({ maxAgeMs: 1 });
    const [dead] = await on.makeDead(['a', 'sign-up']);
    await on.restart();
    on.start();
    await on.add('a', 'sale');
    await on.quiet();
    on.assertUnsent('sale');
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

  it('an id that belongs to no dead letter requeues nothing', async () => {
    const control = on.start({ maxAgeMs: 1 });
    await on.makeDead(['a', 'a']);
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

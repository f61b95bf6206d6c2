import assert from 'node:assert/strict';
import { assertMatches, assertSame, type ConformanceHarness } from './conformance-harness.js';
import type { AddCase } from './test-framework.js';

export function programCases(on: ConformanceHarness, it: AddCase): void {
  it('the id of a program is saved for that program', async () => {
    const other = await on.open('other');
    assert.equal(await on.engine.programId(), null);
    await on.engine.saveProgramId('prg_1');
    assert.equal(await on.engine.programId(), 'prg_1');
    assert.equal(await other.programId(), null);
    await other.saveProgramId('prg_2');
    await on.restart();
    assert.equal(await on.engine.programId(), 'prg_1');
    await on.engine.saveProgramId('prg_3');
    assert.equal(await on.engine.programId(), 'prg_3');
    assert.equal(await other.programId(), 'prg_2');
  });

  it('a store knows a program once an engine of it was opened, and asking creates nothing', async () => {
    const definition = on.store.definition();
    assert.equal(await definition.exists('default'), true);
    assert.equal(await definition.exists('other'), false);
    assert.equal(await definition.exists('other'), false);
    await on.open('other');
    assert.equal(await definition.exists('other'), true);
    await on.restart();
    assert.equal(await on.store.definition().exists('default'), true);
  });

  it('two programs on one store do not see each other', async () => {
    const other = await on.open('other');
    on.start({ maxAgeMs: 1 });
    on.start({}, other);
    const [dead] = await on.makeDead(['a', 'mine']);
    // Behind the dead letter, if ordering keys were shared.
    await on.add('a', 'theirs', other);
    await on.started('theirs');
    assertMatches(await on.engine.stats(), { program: 'default', queued: 1, pending: 0, dead: 1 });
    assertMatches(await on.idle(other), { program: 'other', queued: 1, dead: 0 });
    assert.equal((await other.find('a')).length, 1);
    assertSame(await on.deadLetters(other), []);
    assert.equal(await other.requeue({ id: dead! }), 0);
    assert.equal(await other.requeue({}), 0);
    assertSame(await other.forget('a'), { forgotten: 1, inFlight: 0 });
    assert.equal((await on.engine.find('a')).length, 1);
    const held = await on.engine.enqueue(on.job('b', 'held'));
    assert.equal(await other.discard(held), false);
    assert.equal(await on.engine.discard(held), true);
  });
}

import assert from 'node:assert/strict';
import { assertMatches, assertSame, type ConformanceHarness } from './conformance-harness.js';
import type { AddCase } from './test-framework.js';

export function transactionCases(on: ConformanceHarness, it: AddCase): void {
  const inTransaction = (work: (transaction: unknown) => Promise<void>) => {
    assert.ok(
      on.store.transaction,
      'make() returned no transaction(), though transactions is true',
    );
    return on.store.transaction(work);
  };
  const enqueueIn = async (transaction: unknown, orderingKey: string, label = orderingKey) => {
    const id = await on.engine.enqueueIn?.(transaction, on.job(orderingKey, label));
    assert.ok(id, 'the engine has no enqueueIn()');
    return id;
  };

  it('a job that is enqueued in a transaction is delivered after the commit, and not before', async () => {
    on.start();
    await inTransaction(async (transaction) => {
      await enqueueIn(transaction, 'a');
      await on.quiet();
      on.assertUnsent('a');
      assertMatches(await on.engine.stats(), { queued: 1 });
    });
    await on.ended(2);
    assertMatches(await on.idle(), { queued: 2, outcomes: { attributed: 2 } });
  });

  it('a job that is enqueued in a transaction is gone if that is rolled back', async () => {
    on.start();
    const rolledBack = new Error('rolled back');
    const work = inTransaction(async (transaction) => {
      await enqueueIn(transaction, 'a');
      throw rolledBack;
    });
    await assert.rejects(work, (error) => error === rolledBack);
    await on.quiet();
    on.assertUnsent('a');
    assertMatches(await on.idle(), { queued: 1, outcomes: { attributed: 1 } });
    assertSame(await on.engine.find('a'), []);
  });

  it('a job that is enqueued in a transaction keeps the order of its ordering key', async () => {
    await on.add('a', 'first');
    await inTransaction(async (transaction) => {
      await enqueueIn(transaction, 'a', 'second');
      await enqueueIn(transaction, 'a', 'third');
    });
    await on.add('a', 'fourth');
    on.start();
    await on.ended(4);
    assertSame(on.partnero.delivered, ['first', 'second', 'third', 'fourth']);
  });
}

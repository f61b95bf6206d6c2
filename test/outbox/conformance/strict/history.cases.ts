import assert from 'node:assert/strict';
import { type ConformanceHarness } from '#lib/testing/conformance/conformance-harness.js';
import type { AddCase } from '#lib/testing/conformance/test-framework.js';

export function moreHistoryCases(on: ConformanceHarness, it: AddCase): void {
  const ifTaken = { same: 'duplicate', different: 'conflict', cancelled: 'refunded' };

  it('at most 1,000 jobs are found, the newest ones', async () => {
    const sale = on.job('a', 'a', { name: 'transaction' });
    const key = { value: 'inv-1', digest: '49.00', ifTaken };
    const submit = () => on.engine.submit({ ...sale, key });
    const first = await submit();
    await Promise.all(Array.from({ length: 1_000 }, submit));
    const last = await submit();
    const found = await on.engine.find('a');
    assert.equal(found.length, 1_000);
    assert.equal(found[0]!.id, last.id);
    assert.ok(!found.some(({ id }) => id === first.id));
  });

  it('forgetting makes the keys of the deleted jobs free', async () => {
    on.start();
    const sale = on.job('a', 'sale', { name: 'transaction' });
    const key = { value: 'inv-1', digest: '49.00', ifTaken };
    await on.engine.submit({ ...sale, key });
    await on.ended(1);
    assert.equal((await on.engine.submit({ ...sale, key })).outcome, 'duplicate');
    await on.engine.forget('a');
    assert.equal((await on.engine.submit({ ...sale, key })).outcome, null);
    await on.ended(2);
  });
}

import { all, failure, stopApis } from '../../support/api.js';
import { ada, affiliate, sale } from '../../support/conflicts.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';

// Each reading in turn, and what comes of the call. Rows of docs/partnero-conflicts.md.

afterEach(stopApis);

afterAll(removeTemporaryFolders);

describe('money', () => {
  it('a transaction’s key is recorded again, refused, or answered as before', async () => {
    for (const transactionKeys of ['repeatable', 'refused', 'deduplicated'] as const) {
      const { fake, service } = await affiliate({ transactionKeys }, { retries: 3 });
      await service.customers.create(ada);
      // The answer is lost: whatever the reading, one call is sent once.
      fake.misbehave({ type: 'reset_after' }, { on: 'POST /transactions', times: 1 });
      const error = await failure(service.transactions.create(sale));
      expect(error).toMatchObject({ kind: 'network', ambiguous: true });
      expect(await all(service.transactions.list({ key: 'order-1' }))).toHaveLength(1);
      const again = service.transactions.create(sale);
      if (transactionKeys === 'refused') {
        expect(await failure(again)).toMatchObject({ kind: 'validation' });
      } else await again;
      const recorded = await all(service.transactions.list({ key: 'order-1' }));
      expect(recorded).toHaveLength(transactionKeys === 'repeatable' ? 2 : 1);
    }
  });

  it('of two transactions with one key, a path hits the first, the last, or all', async () => {
    for (const doubledKey of ['first', 'last', 'all'] as const) {
      const { service } = await affiliate({ doubledKey });
      await service.customers.create(ada);
      await service.transactions.create(sale);
      await service.transactions.create({
        ...sale,
        amount: { amount: '50.00', currency: 'USD' },
      });
      const both = await all(service.transactions.list({ key: 'order-1' }));
      expect(both.map((each) => each.amount)).toEqual(['49', '50']);
      const { amount: hit } = await service.transactions.get('order-1');
      expect(hit).toBe(doubledKey === 'last' ? '50' : '49');
      // As long as one is listed there is something to delete.
      let deleted = 0;
      while ((await service.transactions.page(1, { key: 'order-1' })).items.length > 0) {
        await service.transactions.delete('order-1');
        deleted += 1;
      }
      expect(deleted).toBe(doubledKey === 'all' ? 1 : 2);
    }
  });

  it('a transaction is deleted by path, or with the key in the body', async () => {
    for (const deleteTransaction of ['path', 'body', 'both'] as const) {
      const { fake, service } = await affiliate({ deleteTransaction });
      await service.customers.create(ada);
      await service.transactions.create(sale);
      await service.transactions.delete('order-1');
      expect(fake.transactions).toEqual([]);
      expect(await failure(service.transactions.delete('order-1'))).toMatchObject({
        kind: 'not_found',
        status: 404,
      });
    }
    // The path form might also answer as if there were no such transaction.
    const { fake, service } = await affiliate({});
    await service.customers.create(ada);
    await service.transactions.create(sale);
    fake.misbehave({ type: 'status', status: 404 }, { on: 'DELETE /transactions/order-1' });
    await service.transactions.delete('order-1');
    expect(fake.transactions).toEqual([]);
  });

  it('a sale to somebody unknown is refused in some way, or counts for nobody', async () => {
    for (const unknownCustomer of [400, 404, 422, 'recorded'] as const) {
      const { service } = await affiliate({ unknownCustomer });
      const recorded = service.transactions.create(sale);
      if (unknownCustomer === 'recorded') {
        expect(await recorded).toMatchObject({ partner: null, customer: null, rewards: [] });
        continue;
      }
      const error = await failure(recorded);
      expect(['bad_request', 'not_found', 'validation']).toContain(error.kind);
      expect(error).toMatchObject({ retryable: false, ambiguous: false });
    }
  });

  it('a sale that creates its customer for an unknown partner is refused, or counts for nobody', async () => {
    for (const unknownPartnerOnSale of ['refused', 'ignored'] as const) {
      const { fake, service } = await affiliate({ unknownPartnerOnSale });
      const recorded = service.transactions.create({
        ...sale,
        customer: { key: 'new', partner: { key: 'nobody' } },
        options: { create_customer: true },
      });
      if (unknownPartnerOnSale === 'refused') {
        expect(await failure(recorded)).toMatchObject({ kind: 'bad_request', ambiguous: false });
      } else expect(await recorded).toMatchObject({ partner: null, rewards: [] });
      expect(fake.customers).toEqual([]);
    }
  });
});

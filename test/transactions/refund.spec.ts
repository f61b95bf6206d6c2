import { PartneroError, type Sale } from 'nestjs-partnero';
import { eventually } from '../support/eventually.js';
import { Sales } from '../support/sales.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let sales: Sales;

afterEach(() => sales.end());

afterAll(removeTemporaryFolders);

const SALE: Sale = {
  key: 'inv-1',
  customer: { key: 'user-42' },
  amount: { amount: '49.00', currency: 'USD' },
};
const ONCE = { on: 'DELETE /transactions/inv-1', times: 1 };
const refunds = () => sales.settled('refund');

async function record(): Promise<void> {
  await sales.partnero.transactions.record(SALE);
  expect(await sales.settled()).toEqual(['recorded']);
}

describe('refund()', () => {
  it('deletes the sale at Partnero', async () => {
    sales = await Sales.start();
    await record();
    const kept = await sales.partnero.transactions.refund('inv-1');
    expect(kept).toEqual({ jobId: expect.any(String), outcome: 'queued' });
    expect(await refunds()).toEqual(['refunded']);
    expect(sales.fake.transactions).toEqual([]);
    expect(sales.outcomes.at(-1)).toMatchObject({
      jobName: 'refund',
      transactionKey: 'inv-1',
      customerKey: 'user-42',
    });
  });

  it('of a sale that is pending goes behind it', async () => {
    sales = await Sales.start();
    await sales.fake.down();
    await sales.partnero.transactions.record(SALE);
    await sales.partnero.transactions.refund('inv-1');
    await sales.fake.up();
    expect(await refunds()).toEqual(['refunded']);
    expect(await sales.settled()).toEqual(['recorded']);
    expect(sales.fake.transactions).toEqual([]);
    expect(sales.sent).toBe(1);
  });

  it('before its sale: that is not sent when it comes, not even to another customer', async () => {
    sales = await Sales.start();
    await sales.partnero.transactions.refund('inv-1');
    expect(await refunds()).toEqual(['not_found']);
    expect((await sales.partnero.transactions.record(SALE)).outcome).toBe('refunded');
    expect(
      (await sales.partnero.transactions.record({ ...SALE, customer: { key: 'x' } })).outcome,
    ).toBe('refunded');
    expect(await sales.settled()).toEqual(['refunded', 'refunded']);
    expect(sales.sent).toBe(0);
  });

  it('of what only Partnero knows, after a new start with an empty file', async () => {
    sales = await Sales.start();
    await record();
    await sales.running.close();
    await sales.startApp({}, `${temporaryFolder()}/empty.db`);
    await sales.partnero.transactions.refund('inv-1');
    expect(await refunds()).toEqual(['refunded']);
    expect(sales.fake.transactions).toEqual([]);
  });

  it('told twice is one; its sale, told again, is not recorded again', async () => {
    sales = await Sales.start();
    await record();
    await sales.partnero.transactions.refund('inv-1');
    expect((await sales.partnero.transactions.refund('inv-1')).outcome).toBe('duplicate');
    expect((await refunds()).toSorted()).toEqual(['duplicate', 'refunded']);
    expect((await sales.partnero.transactions.record(SALE)).outcome).toBe('duplicate');
    expect(sales.fake.transactions).toEqual([]);
  });

  it('whose answer is lost is refunded all the same', async () => {
    sales = await Sales.start();
    await record();
    sales.fake.misbehave({ type: 'reset_after' }, ONCE);
    await sales.partnero.transactions.refund('inv-1');
    expect(await refunds()).toEqual(['refunded']);
    expect(sales.fake.transactions).toEqual([]);
  });

  it('of nothing is not found, though its first attempt never left', async () => {
    sales = await Sales.start();
    await sales.fake.down();
    await sales.partnero.transactions.refund('inv-1');
    await eventually(async () => {
      const [job] = await sales.partnero.outbox.find({ customerKey: 'refund:inv-1' });
      return job!.attempts > 0;
    });
    await sales.fake.up();
    expect(await refunds()).toEqual(['not_found']);
  });

  it.each(['first', 'last', 'all'] as const)(
    'takes back all that Partnero has under the key, where it deletes the %s',
    async (doubledKey) => {
      sales = await Sales.start({ apiVariants: { doubledKey } });
      await record();
      await sales.partnero.transactions.create(SALE as never);
      await sales.partnero.transactions.create({ ...SALE, key: 'other' } as never);
      await sales.partnero.transactions.refund('inv-1');
      expect(await refunds()).toEqual(['refunded']);
      expect(sales.fake.transactions.map(({ key }) => key)).toEqual(['other']);
    },
  );

  it.each(['path', 'body', 'both'] as const)('by %s, as Partnero takes it', async (form) => {
    sales = await Sales.start({ apiVariants: { deleteTransaction: form } });
    await record();
    await sales.partnero.transactions.refund('inv-1');
    expect(await refunds()).toEqual(['refunded']);
  });

  it('that Partnero refuses is rejected, and said', async () => {
    sales = await Sales.start();
    await record();
    sales.fake.misbehave({ type: 'status', status: 422 }, ONCE);
    await sales.partnero.transactions.refund('inv-1');
    expect(await refunds()).toEqual(['rejected']);
    expect(sales.running.logger.ours('warn')).toEqual([
      expect.stringContaining('commission stays'),
    ]);
  });

  it('that Partnero refused can be asked for again, and its sale is not recorded again', async () => {
    sales = await Sales.start();
    await record();
    sales.fake.misbehave({ type: 'status', status: 422 }, ONCE);
    await sales.partnero.transactions.refund('inv-1');
    expect(await refunds()).toEqual(['rejected']);
    expect((await sales.partnero.transactions.refund('inv-1')).outcome).toBe('queued');
    expect((await refunds()).toSorted()).toEqual(['refunded', 'rejected']);
    await sales.partnero.transactions.record(SALE);
    expect(sales.fake.transactions).toEqual([]);
  });

  it('of a key that fits in no path is rejected, and holds up nothing', async () => {
    sales = await Sales.start();
    await sales.partnero.transactions.refund('..');
    expect(await refunds()).toEqual(['rejected']);
  });

  it.each([undefined, '', 1.5, {}])('refuses %p for a key', async (key) => {
    sales = await Sales.start();
    const error: unknown = await sales.partnero.transactions
      .refund(key as string)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PartneroError);
    expect(error).toMatchObject({ kind: 'invalid_input', fieldErrors: { key: expect.any(Array) } });
  });
});

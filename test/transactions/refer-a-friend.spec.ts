import { fromMinorUnits, type PartneroService } from 'nestjs-partnero';
import { Sales } from '../support/sales.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let sales: Sales;

afterEach(() => sales.end());

afterAll(removeTemporaryFolders);

async function start(): Promise<PartneroService<'refer-a-friend'>> {
  sales = await Sales.start({ program: 'refer-a-friend' }, { program: 'refer-a-friend' });
  const friend = sales.fake.addCustomer({ id: 'old', key: 'friend' });
  sales.fake.addCustomer({ id: 'new', referrer: friend });
  sales.fake.addCustomer({ id: 'alone' });
  return sales.partnero as unknown as PartneroService<'refer-a-friend'>;
}

const sale = (id: string) => ({
  key: `inv-${id}`,
  customer: { id },
  amount: fromMinorUnits(4900, 'USD'),
});

describe('in a refer-a-friend program', () => {
  it('a sale to a referred customer is recorded, once, under our identifier as id', async () => {
    const partnero = await start();
    await partnero.transactions.record(sale('new'));
    expect((await partnero.transactions.record(sale('new'))).outcome).toBe('duplicate');
    expect((await sales.settled()).toSorted()).toEqual(['duplicate', 'recorded']);
    expect(sales.fake.requestsTo('POST /transactions')[0]!.body).toMatchObject({
      customer: { id: 'new' },
    });
  });

  it('is found at Partnero after a sending without an answer', async () => {
    const partnero = await start();
    sales.fake.misbehave({ type: 'reset_after' }, { on: 'POST /transactions', times: 1 });
    await partnero.transactions.record(sale('new'));
    expect(await sales.settled()).toEqual(['recorded']);
    expect(sales.sent).toBe(1);
  });

  it('a sale to somebody whom nobody referred is not attributed', async () => {
    const partnero = await start();
    await partnero.transactions.record(sale('alone'));
    await partnero.transactions.record(sale('stranger'));
    expect(await sales.settled()).toEqual(['not_attributed', 'not_attributed']);
    expect(sales.fake.transactions).toEqual([]);
  });

  it.each([
    ['alone', 'not_attributed'],
    ['new', 'rejected'],
  ])('a sale to %s that Partnero refuses without a reason is %s', async (id, outcome) => {
    const partnero = await start();
    const body = JSON.stringify({ status: 0, message: 'no' });
    sales.fake.misbehave({ type: 'status', status: 422, body }, { on: 'POST /transactions' });
    await partnero.transactions.record(sale(id));
    expect(await sales.settled()).toEqual([outcome]);
  });

  it('a refund takes it back', async () => {
    const partnero = await start();
    await partnero.transactions.record(sale('new'));
    await partnero.transactions.refund('inv-new');
    expect(await sales.settled('refund')).toEqual(['refunded']);
    expect(sales.fake.transactions).toEqual([]);
  });
});

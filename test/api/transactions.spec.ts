import { fromMinorUnits, type CreateTransactionDto, type PartneroService } from 'nestjs-partnero';
import { all, failure, startApi, stopApis } from '../support/api.js';
import type { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let fake: FullFakePartnero;
let service: PartneroService;

beforeEach(async () => {
  ({ fake, service } = await startApi());
  for (const partner of fake.partners) fake.addCustomer({ key: `of-${partner.key}`, partner });
});

afterEach(stopApis);

afterAll(removeTemporaryFolders);

const sale = {
  key: 'order-1',
  customer: { key: 'of-ann' },
  amount: { amount: '99.99', currency: 'USD' },
};

describe('create', () => {
  it('sends major units as a number, the currency and an action', async () => {
    const transaction = await service.transactions.create(sale);
    expect(fake.requestsTo('POST /transactions')[0]!.body).toEqual({
      key: 'order-1',
      customer: { key: 'of-ann' },
      amount: 99.99,
      amount_units: 'USD',
      action: 'sale',
    });
    expect(transaction).toMatchObject({
      key: 'order-1',
      amount: '99.99',
      customer: 'of-ann',
      partner: fake.partners[0]!.id,
      rewards: [{ amount: '29.997', status: 'ok' }],
    });
  });

  it('sends all that a sale may have', async () => {
    await service.transactions
      .create({
        key: 'order-2',
        customer: { email: 'x@example.com', name: 'X', partner: { key: 'bob' } },
        amount: fromMinorUnits(500, 'JPY'),
        reward: fromMinorUnits(50, 'JPY'),
        gross_amount: fromMinorUnits(600, 'JPY'),
        discount_amount: { amount: '100', currency: 'jpy' },
        discount_code: 'TEN',
        action: 'renewal',
        product_id: ['a', 7],
        product_type: 'book',
        rewarded: false,
        rewardable: true,
        created_at: new Date('2025-05-02T16:12:39.600Z'),
        options: { create_customer: true },
      })
      .catch(() => {});
    expect(fake.requestsTo('POST /transactions')[0]!.body).toEqual({
      key: 'order-2',
      customer: { email: 'x@example.com', name: 'X', partner: { key: 'bob' } },
      partner: { key: 'bob' },
      amount: 500,
      reward: 50,
      gross_amount: 600,
      discount_amount: 100,
      discount_code: 'TEN',
      amount_units: 'JPY',
      action: 'renewal',
      product_id: ['a', 7],
      product_type: 'book',
      rewarded: false,
      rewardable: true,
      created_at: 1_746_202_359,
      options: { create_customer: true },
    });
  });

  it('creates the customer along', async () => {
    await service.transactions.create({
      ...sale,
      customer: { key: 'new', partner: { key: 'bob' } },
      options: { create_customer: true },
    });
    expect(fake.customers).toContainEqual(
      expect.objectContaining({ key: 'new', partner: fake.partners[1] }),
    );
  });

  it.each([
    ['no customer', { customer: undefined }, ['customer']],
    ['a customer without a name', { customer: {} }, ['customer.key']],
    ['no amount', { amount: undefined }, ['amount']],
    ['a bare number', { amount: 99.99 }, ['amount']],
    ['NaN', { amount: Number.NaN }, ['amount']],
    ['a number in money', { amount: { amount: 99, currency: 'USD' } }, ['amount']],
    ['a comma', { amount: { amount: '99,99', currency: 'USD' } }, ['amount']],
    ['an exponent', { amount: { amount: '9e3', currency: 'USD' } }, ['amount']],
    ['a negative amount', { amount: { amount: '-1.00', currency: 'USD' } }, ['amount']],
    ['too many decimals', { amount: { amount: '9.999', currency: 'USD' } }, ['amount']],
    ['decimals of yen', { amount: { amount: '5.0', currency: 'JPY' } }, ['amount']],
    ['no currency', { amount: { amount: '9.99' } }, ['amount']],
    ['an unknown currency', { amount: { amount: '9.99', currency: 'XXQ' } }, ['amount']],
    [
      'more digits than a double holds',
      { amount: { amount: '12345678901234.50', currency: 'USD' } },
      ['amount'],
    ],
    ['two currencies', { reward: { amount: '1.00', currency: 'EUR' } }, ['reward']],
    ['seconds as a time', { created_at: 1_746_202_359 }, ['created_at']],
    ['a time that is none', { created_at: new Date('x') }, ['created_at']],
  ])('refuses %s before sending', async (_, change, fields) => {
    const input = { ...sale, ...change } as unknown as CreateTransactionDto;
    const error = await failure(service.transactions.create(input));
    expect(error).toMatchObject({ kind: 'invalid_input', ambiguous: false });
    expect(Object.keys(error.fieldErrors)).toEqual(fields);
    expect(error.message).not.toMatch(/99|12345678/);
    expect(fake.requests).toHaveLength(0);
  });

  it('tells whom nobody is credited for', async () => {
    const error = await failure(
      service.transactions.create({ ...sale, customer: { key: 'nobody' } }),
    );
    expect(error).toMatchObject({
      kind: 'validation',
      fieldErrors: { customer: [expect.any(String)] },
    });
  });

  it('protects from nothing: twice is twice', async () => {
    await service.transactions.create(sale);
    await service.transactions.create(sale);
    expect(fake.transactions).toHaveLength(2);
    expect(await all(service.transactions.list({ key: 'order-1' }))).toHaveLength(2);
  });
});

describe('get, list, delete, archive, restore', () => {
  beforeEach(async () => {
    await service.transactions.create(sale);
    await service.transactions.create({ ...sale, key: 'order-2', customer: { key: 'of-bob' } });
    await service.transactions.create({ ...sale, key: 'order-3' });
  });

  it('get', async () => {
    expect(await service.transactions.get('order-1')).toMatchObject({ key: 'order-1' });
    expect(await failure(service.transactions.get('x'))).toMatchObject({ kind: 'not_found' });
  });

  it('list, by key, partner and customer, newest first', async () => {
    const keys = async (options?: Parameters<typeof service.transactions.list>[0]) =>
      (await all(service.transactions.list(options))).map(({ key }) => key);
    expect(await keys()).toEqual(['order-1', 'order-2', 'order-3']);
    expect(await keys({ sort: 'desc' })).toEqual(['order-3', 'order-2', 'order-1']);
    expect(await keys({ key: 'order-2' })).toEqual(['order-2']);
    expect(await keys({ partner: { key: 'ann' } })).toEqual(['order-1', 'order-3']);
    expect(await keys({ partner: { email: 'bob@partners.example' } })).toEqual(['order-2']);
    expect(await keys({ customer: { key: 'of-ann' } })).toEqual(['order-1', 'order-3']);
    expect(await all(service.customers.transactions('of-ann'))).toMatchObject([
      { key: 'order-1', amount: '99.99' },
      { key: 'order-3' },
    ]);
    expect(await service.transactions.page(2, { limit: 2 })).toMatchObject({
      items: [{ key: 'order-3', rewards: [{ amount: '29.997' }] }],
      hasNext: false,
    });
  });

  it('delete', async () => {
    await service.transactions.delete('order-1');
    expect(fake.transactions.map(({ key }) => key)).toEqual(['order-2', 'order-3']);
    expect(await failure(service.transactions.delete('order-1'))).toMatchObject({
      kind: 'not_found',
      status: 404,
    });
  });

  it('archive and restore', async () => {
    await service.transactions.archive('order-1');
    expect((await service.transactions.get('order-1')).deleted_at).toEqual(expect.any(String));
    expect(await failure(service.transactions.archive('order-1'))).toMatchObject({
      kind: 'bad_request',
    });
    await service.transactions.restore('order-1');
    expect((await service.transactions.get('order-1')).deleted_at).toBeNull();
  });
});

describe('in a refer-a-friend program', () => {
  it('records a sale to a referred customer', async () => {
    const { fake, service } = await startApi({ program: 'refer-a-friend' });
    await service.customers.create({ id: 'user-1', key: 'ada' });
    await service.customers.create({ id: 'user-2', referring_customer: { key: 'ada' } });
    const amount = fromMinorUnits(1000, 'EUR');
    const made = await service.transactions.create({
      key: 'o-1',
      customer: { id: 'user-2' },
      amount,
    });
    expect(made).toMatchObject({ customer: 'user-1', referred_customer: 'user-2', amount: '10' });
    await service.transactions.create({
      key: 'o-2',
      customer: { id: 'user-3', referring_customer: { key: 'ada' } },
      options: { create_customer: true },
      amount,
    });
    const unreferred = service.transactions.create({ customer: { id: 'user-1' }, amount });
    expect(await failure(unreferred)).toMatchObject({ kind: 'validation' });
    expect(fake.transactions).toHaveLength(2);
    await service.transactions.delete('o-1');
    expect(await all(service.transactions.list())).toMatchObject([{ key: 'o-2' }]);
  });
});

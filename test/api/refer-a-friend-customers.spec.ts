import { fromMinorUnits, type PartneroService } from 'nestjs-partnero';
import { all, failure, startApi, stopApis } from '../support/api.js';
import type { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let fake: FullFakePartnero;
let service: PartneroService<'refer-a-friend'>;

beforeEach(async () => {
  ({ fake, service } = await startApi({ program: 'refer-a-friend' }));
  await service.customers.create({ id: 'user-1', key: 'ada', email: 'ada@example.com' });
  await service.customers.create({
    id: 'user-2',
    email: 'bea@example.com',
    referring_customer: { key: 'ada' },
    metadata: { date_of_birth: '1990-05-17' },
  });
});

afterEach(stopApis);

afterAll(removeTemporaryFolders);

it('creates with id, key and who referred', async () => {
  expect(await service.customers.get('user-2')).toMatchObject({
    id: 'user-2',
    referring_customer: { id: 'user-1' },
  });
  expect(fake.requestsTo('POST /customers')[1]!.body).toEqual({
    id: 'user-2',
    email: 'bea@example.com',
    referring_customer: { key: 'ada' },
    metadata: { date_of_birth: '1990-05-17' },
  });
});

it('refuses a body that is no customer', async () => {
  const input = { id: '', metadata: { date_of_birth: 'yesterday' } };
  const error = await failure(service.customers.create(input));
  expect(Object.keys(error.fieldErrors)).toEqual(['id', 'metadata.date_of_birth']);
});

it('updates, leaves the rest, and deletes', async () => {
  expect(await service.customers.update('user-1', { name: 'Ada' })).toMatchObject({
    name: 'Ada',
    email: 'ada@example.com',
  });
  expect(fake.requestsTo('PUT /customers/user-1')[0]!.body).toEqual({ update: { name: 'Ada' } });
  await service.customers.delete('user-1');
  expect(await failure(service.customers.update('user-1', { name: 'x' }))).toMatchObject({
    kind: 'not_found',
  });
});

it('lists and searches', async () => {
  const listed = async (referStatus?: 'referred' | 'non_referred') =>
    (await all(service.customers.list({ referStatus }))).map(({ id }) => id);
  expect(await listed()).toEqual(['user-1', 'user-2']);
  expect(await listed('referred')).toEqual(['user-2']);
  expect(await listed('non_referred')).toEqual(['user-1']);
  expect((await service.customers.page(1, { limit: 1 })).hasNext).toBe(true);
  expect(await service.customers.search({ key: 'ada' })).toMatchObject([{ id: 'user-1' }]);
  expect(await all(service.customers.referrals('user-1'))).toMatchObject([{ id: 'user-2' }]);
  expect(await service.customers.stats('user-1')).toEqual({ referrals: 1 });
});

it('credits once, and shows the balance without loss', async () => {
  await service.customers.credit('user-1', { amount: fromMinorUnits(1234, 'KWD') });
  await service.customers.credit('user-1', {
    amount: { amount: '100', currency: 'Points', exponent: 0 },
    is_currency: false,
  });
  const route = 'POST /customers/user-1/balance/credit';
  expect(fake.requestsTo(route).map(({ body }) => body)).toEqual([
    { amount: 1.234, amount_units: 'kwd', is_currency: true },
    { amount: 100, amount_units: 'Points', is_currency: false },
  ]);
  expect(await service.customers.balance('user-1')).toMatchObject({
    customer: { id: 'user-1' },
    balance: { currency: [{ amount: '1.234', amount_units: 'kwd', is_currency: true }] },
  });
});

it('refuses a credit that is no money', async () => {
  const error = await failure(service.customers.credit('user-1', { amount: 5 as never }));
  expect(error).toMatchObject({ kind: 'invalid_input' });
  expect(error.fieldErrors['amount']?.[0]).toContain('fromMinorUnits');
  expect(fake.gifts).toHaveLength(0);
});

it('invites', async () => {
  const personalization = { first_name: 'Cy' };
  await service.customers.invite({ email: 'cy@example.com', personalization });
  expect(fake.invited).toEqual(['cy@example.com']);
  expect(fake.requestsTo('POST /customers:invite')[0]!.body).toEqual({
    email: 'cy@example.com',
    personalization,
  });
});

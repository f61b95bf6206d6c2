import type { CreatePartnerDto, PartneroService } from 'nestjs-partnero';
import { all, failure, startApi, stopApis } from '../support/api.js';
import type { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let fake: FullFakePartnero;
let service: PartneroService;
let annsId: string;

beforeEach(async () => {
  ({ fake, service } = await startApi());
  annsId = fake.partners[0]!.id;
});

afterEach(stopApis);

afterAll(removeTemporaryFolders);

describe('create', () => {
  it('sends the documented body', async () => {
    const input: CreatePartnerDto = {
      email: 'cy@example.com',
      name: 'Cy',
      surname: null,
      password: 'Secret-1',
      id: 'partner_cy',
      key: 'cy',
      tags: ['vip'],
      referring_partner: { key: 'ann' },
    };
    expect(await service.partners.create(input)).toMatchObject({
      id: 'partner_cy',
      email: 'cy@example.com',
      tags: [{ value: 'vip' }],
    });
    const { surname: _, ...sent } = input;
    expect(fake.requestsTo('POST /partners')[0]!.body).toEqual(sent);
  });

  it('rejects what is taken, unknown or weak', async () => {
    const taken = service.partners.create({ email: 'ann@partners.example' });
    expect(await failure(taken)).toMatchObject({ fieldErrors: { email: [expect.any(String)] } });
    const unknown = { email: 'x@example.com', referring_partner: { key: 'x' } };
    expect(await failure(service.partners.create(unknown))).toMatchObject({ kind: 'bad_request' });
    const weak = { email: 'x@example.com', password: 'weak' };
    expect(await failure(service.partners.create(weak))).toMatchObject({
      kind: 'invalid_input',
      fieldErrors: { password: [expect.any(String)] },
    });
  });
});

describe('get', () => {
  it('by id, with stats whose sums lose nothing', async () => {
    fake.addCustomer({ key: 'user-1', partner: fake.partners[0]! });
    const amount = { amount: '99.99', currency: 'USD' };
    await service.transactions.create({ customer: { key: 'user-1' }, amount });
    expect(await service.partners.get(annsId)).toMatchObject({
      id: annsId,
      referrals: { signups: 1, revenue: [{ currency: 'USD', amount: '99.99' }] },
      commissions: { paid: '0', pending: [{ currency: 'USD', amount: '29.997' }] },
    });
  });

  it.each([
    ['key', { key: 'ann' }, 'GET /partner'],
    ['e-mail', { email: 'ann@partners.example' }, 'GET /partner'],
  ])('by %s', async (_, reference, route) => {
    expect(await service.partners.get(reference)).toMatchObject({ id: annsId });
    expect(fake.requestsTo(route)[0]!.query).toEqual(reference);
  });

  it('by a reference with an id, on the documented path', async () => {
    expect(await service.partners.get({ id: annsId })).toMatchObject({ id: annsId });
    expect(fake.requests.at(-1)!.path).toBe(`/partners/${annsId}`);
  });

  it('does not find a key where an id is asked for', async () => {
    expect(await failure(service.partners.get('ann'))).toMatchObject({ kind: 'not_found' });
    expect(await failure(service.partners.get({}))).toMatchObject({ kind: 'invalid_input' });
  });
});

it('updates, archives, restores, deletes', async () => {
  expect(await service.partners.update(annsId, { name: 'Ann B.', tags: ['x'] })).toMatchObject({
    name: 'Ann B.',
    tags: [{ value: 'x' }],
  });
  const taken = service.partners.update(annsId, { email: 'bob@partners.example' });
  expect(await failure(taken)).toMatchObject({ kind: 'validation' });
  await service.partners.archive(annsId);
  expect(await service.partners.get(annsId)).toMatchObject({ status: 'archived' });
  expect(await failure(service.partners.archive(annsId))).toMatchObject({ kind: 'bad_request' });
  await service.partners.restore(annsId);
  await service.partners.delete(annsId);
  expect(await failure(service.partners.delete(annsId))).toMatchObject({ kind: 'not_found' });
});

it('lists and searches', async () => {
  const emails = (await all(service.partners.list({ sort: 'desc' }))).map(({ email }) => email);
  expect(emails).toEqual(['bob@partners.example', 'ann@partners.example']);
  expect(await service.partners.page(1, { limit: 1 })).toMatchObject({ hasNext: true });
  expect(await service.partners.search({ key: 'an' })).toMatchObject([{ id: annsId }]);
  expect(await service.partners.search({ email: 'nobody@example.com' })).toEqual([]);
});

it('rewards, in the currency of the program', async () => {
  await service.partners.reward(annsId, {
    amount: '25.50',
    note: 'Thanks',
    date: new Date('2026-01-02T03:04:05Z'),
  });
  expect(fake.requestsTo(`POST /partners/${annsId}/reward`)[0]!.body).toEqual({
    amount: 25.5,
    note: 'Thanks',
    date: '2026-01-02T03:04:05.000Z',
  });
  expect(fake.gifts).toMatchObject([{ to: { key: 'ann' }, amount: 25.5 }]);
  const number = service.partners.reward(annsId, { amount: 25 as never });
  expect(await failure(number)).toMatchObject({ kind: 'invalid_input' });
});

it('makes a sign-in URL', async () => {
  const { url } = await service.partners.signInUrl({ key: 'ann', expires_in: 60 });
  expect(url).toContain('/sign-in/');
  const endless = service.partners.signInUrl({ email: 'ann@partners.example', expires_in: 901 });
  expect(await failure(endless)).toMatchObject({ kind: 'invalid_input' });
  expect(await failure(service.partners.signInUrl({}))).toMatchObject({ kind: 'invalid_input' });
});

import { Listing } from '#lib/api/listing.js';
import { PartneroService, type CreateCustomerInput } from 'nestjs-partnero';
import { failure, startApi, stopApis } from '../support/api.js';
import type {
  FullFakePartnero,
  FullFakePartneroOptions,
} from '../support/fake-partnero/full-fake-partnero.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let fake: FullFakePartnero;
let service: PartneroService;

async function start(options: Omit<FullFakePartneroOptions, 'program'> = {}): Promise<void> {
  ({ fake, service } = await startApi(options));
}

beforeEach(() => start());

afterEach(stopApis);

afterAll(removeTemporaryFolders);

const ada = { key: 'user-1', email: 'ada@example.com', partner: { key: 'ann' } };

describe('create', () => {
  it('sends the documented body, and gives back the customer', async () => {
    const customer = await service.customers.create({
      ...ada,
      name: 'Ada',
      surname: null,
      tags: ['vip'],
      options: { referral_url: 'https://example.com/?aff=ann' },
    });
    expect(customer).toMatchObject({
      key: 'user-1',
      email: 'ada@example.com',
      partner: fake.partners[0]!.id,
      tags: [{ value: 'vip' }],
      deleted: false,
    });
    const [request] = fake.requestsTo('POST /customers');
    expect(request!.body).toEqual({
      ...ada,
      name: 'Ada',
      tags: ['vip'],
      options: { referral_url: 'https://example.com/?aff=ann' },
    });
    expect(request!.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^nestjs-partnero\/\d+\.\d+\.\d+$/),
    });
  });

  it.each([
    ['key', { key: 'ann' }],
    ['id', { id: 'partner_1_ann' }],
    ['email', { email: 'ann@partners.example' }],
  ])('names the partner by %s', async (_, partner) => {
    await service.customers.create({ key: 'user-1', partner });
    expect(fake.customers).toMatchObject([{ partner: { key: 'ann' } }]);
  });

  it('never sends what the DTO does not name', async () => {
    const entity = { ...ada, passwordHash: 'x', partner: { key: 'ann', secret: 'y' } };
    await service.customers.create(entity);
    expect(fake.requestsTo('POST /customers')[0]!.body).toEqual(ada);
  });

  it.each([
    ['no key', { partner: { key: 'ann' } }, ['key']],
    ['an empty key', { key: '', partner: { key: 'ann' } }, ['key']],
    ['no partner', { key: 'user-1' }, ['partner']],
    ['a partner without a name', { key: 'user-1', partner: {} }, ['partner.key']],
    ['a partner that is a text', { key: 'user-1', partner: 'ann' }, ['partner']],
    [
      'several',
      { email: 'x', tags: 'y', partner: { key: 7 } },
      ['email', 'key', 'partner.key', 'tags'],
    ],
    ['nothing at all', undefined, ['input']],
    ['a list', [], ['input']],
  ])('refuses %s before sending', async (_, input, fields) => {
    const error = await failure(service.customers.create(input as unknown as CreateCustomerInput));
    expect(error).toMatchObject({ kind: 'invalid_input', retryable: false, ambiguous: false });
    expect(Object.keys(error.fieldErrors).toSorted()).toEqual(fields);
    expect(fake.requests).toHaveLength(0);
  });

  it('rejects a taken key with the field', async () => {
    await service.customers.create(ada);
    const error = await failure(service.customers.create(ada));
    expect(error).toMatchObject({
      kind: 'validation',
      status: 422,
      retryable: false,
      fieldErrors: { key: ['The key has already been taken.'] },
    });
  });

  it('rejects an unknown partner', async () => {
    const error = await failure(service.customers.create({ ...ada, partner: { key: 'x' } }));
    expect(error).toMatchObject({ kind: 'bad_request', status: 400 });
  });
});

describe('get, update, delete, archive, restore', () => {
  beforeEach(async () => {
    await service.customers.create(ada);
  });

  it('get', async () => {
    expect(await service.customers.get('user-1')).toMatchObject({ key: 'user-1' });
    expect(await failure(service.customers.get('user-2'))).toMatchObject({
      kind: 'not_found',
      status: 404,
    });
  });

  it('update wraps the changes, and leaves the rest', async () => {
    const updated = await service.customers.update('user-1', { name: 'Ada', tags: ['x'] });
    expect(updated).toMatchObject({
      name: 'Ada',
      email: 'ada@example.com',
      tags: [{ value: 'x' }],
    });
    const [request] = fake.requestsTo('PUT /customers/user-1');
    expect(request!.body).toEqual({ update: { name: 'Ada', tags: ['x'] } });
    await service.customers.update('user-1', { tags: null });
    expect(fake.customers[0]!.tags).toEqual(['x']);
    await service.customers.update('user-1', { tags: [], key: 'user-9' });
    expect(fake.customers).toMatchObject([{ key: 'user-9', tags: [] }]);
  });

  it('update refuses what is no field', async () => {
    const error = await failure(service.customers.update('user-1', { email: 'nope' }));
    expect(error).toMatchObject({
      kind: 'invalid_input',
      fieldErrors: { email: [expect.any(String)] },
    });
  });

  it('delete', async () => {
    await service.customers.delete('user-1');
    expect(fake.customers).toHaveLength(0);
    expect(await failure(service.customers.delete('user-1'))).toMatchObject({ kind: 'not_found' });
  });

  it('archive and restore', async () => {
    await service.customers.archive('user-1');
    expect(await service.customers.get('user-1')).toMatchObject({
      deleted: true,
      status: 'deleted',
    });
    expect(await failure(service.customers.archive('user-1'))).toMatchObject({
      kind: 'bad_request',
    });
    await service.customers.restore('user-1');
    expect(await service.customers.get('user-1')).toMatchObject({ deleted: false });
  });

  it.each<unknown>(['', '.', '..', undefined, null, 0.5, {}])('refuses the key %j', async (key) => {
    const before = fake.requests.length;
    expect(await failure(service.customers.delete(key as string))).toMatchObject({
      kind: 'invalid_input',
    });
    expect(fake.requests).toHaveLength(before);
  });

  it('takes the number of a caller without types', async () => {
    await service.customers.create({ ...ada, key: '5' });
    expect(await service.customers.get(5 as unknown as string)).toMatchObject({ key: '5' });
  });

  it('encodes keys', async () => {
    const key = 'a/b c?d#e@f';
    await service.customers.create({ ...ada, key });
    expect(await service.customers.get(key)).toMatchObject({ key });
    await service.customers.delete(key);
    expect(fake.customers.map((customer) => customer.key)).toEqual(['user-1']);
  });
});

describe('list and search', () => {
  beforeEach(() => {
    for (let i = 0; i < 205; i += 1) {
      const partner = fake.partners[i % 2]!;
      fake.addCustomer({ key: `user-${i}`, partner, email: `u${i}@example.com` });
    }
  });

  async function keysOf(list: AsyncIterable<{ key?: string }>): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of list) keys.push(key!);
    return keys;
  }

  it('lists everything, a hundred at a time', async () => {
    const keys = await keysOf(service.customers.list());
    expect(keys).toHaveLength(205);
    expect(new Set(keys).size).toBe(205);
    expect(fake.requestsTo('GET /customers').map(({ query }) => query)).toEqual([
      { limit: '100', page: '1' },
      { limit: '100', page: '2' },
      { limit: '100', page: '3' },
    ]);
  });

  it('asks for no more pages than are used', async () => {
    for await (const customer of service.customers.list({ limit: 10 })) {
      if (customer.key === 'user-4') break;
    }
    expect(fake.requestsTo('GET /customers')).toHaveLength(1);
  });

  it('ends with an error if Partnero ignores the page and answers the same rows for ever', async () => {
    const data = [{ key: 'x-0' }, { key: 'x-1' }];
    const body = JSON.stringify({ data, status: 1, links: { next: 'https://partnero.example' } });
    fake.misbehave({ type: 'status', status: 200, body });
    expect(await failure(keysOf(service.customers.list({ limit: 2 })))).toMatchObject({
      kind: 'unreadable',
      message: expect.stringContaining('Page 2 of a list repeats the page before it.'),
    });
    expect(fake.requestsTo('GET /customers')).toHaveLength(2);
  });

  it('ends with an error after 10,000 pages', async () => {
    let pages = 0;
    const caller = {
      send: () =>
        Promise.resolve({ data: [{ key: `x-${(pages += 1)}` }] as never, links: { next: 'more' } }),
    };
    const list = new Listing<{ key: string }>(caller, { path: '/x' }, { limit: 1 });
    expect(await failure(keysOf(list))).toMatchObject({ kind: 'unreadable' });
    expect(pages).toBe(10_000);
  });

  it('stops at an exactly full last page, with and without links', async () => {
    expect(await keysOf(service.customers.list({ limit: 41 }))).toHaveLength(205);
    expect(fake.requestsTo('GET /customers')).toHaveLength(5);
    const rows = Array.from({ length: 2 }, (_, i) => ({ key: `x-${i}` }));
    const without = (data: unknown) => ({
      type: 'status' as const,
      status: 200,
      body: JSON.stringify({ data, status: 1 }),
    });
    fake.misbehave(without([]), { times: 1 });
    fake.misbehave(without(rows), { times: 1 });
    expect(await keysOf(service.customers.list({ limit: 2 }))).toEqual(['x-0', 'x-1']);
    fake.misbehave(without(rows.slice(1)), { times: 1 });
    expect(await keysOf(service.customers.list({ limit: 2 }))).toEqual(['x-1']);
  });

  it('filters by partner, and keeps the filter on every page', async () => {
    const keys = await keysOf(
      service.customers.list({ partner: { key: 'ann' }, sort: 'desc', limit: 50 }),
    );
    expect(keys).toHaveLength(103);
    expect(keys[0]).toBe('user-204');
    for (const { query } of fake.requestsTo('GET /customers')) {
      expect(query).toMatchObject({ 'partner.key': 'ann', sort: 'desc', limit: '50' });
    }
  });

  it('gives a single page on request', async () => {
    const page = await service.customers.page(3, { limit: 100 });
    expect(page).toMatchObject({ page: 3, hasNext: false });
    expect(page.items).toHaveLength(5);
  });

  it('rejects with the error of a page', async () => {
    fake.misbehave({ type: 'status', status: 500 }, { times: 1 });
    expect(await failure(keysOf(service.customers.list()))).toMatchObject({ kind: 'server' });
  });

  it('can be cut off', async () => {
    const signal = AbortSignal.abort();
    expect(await failure(keysOf(service.customers.list({ signal })))).toMatchObject({
      kind: 'aborted',
    });
    expect(fake.requests).toHaveLength(0);
  });

  it('searches, and finds nobody', async () => {
    expect(await service.customers.search({ email: 'u7@example.com' })).toMatchObject([
      { key: 'user-7' },
    ]);
    expect(await service.customers.search({ id: 'user-8' })).toMatchObject([{ key: 'user-8' }]);
    expect(await service.customers.search({ email: 'nobody@example.com' })).toEqual([]);
    fake.misbehave({ type: 'status', status: 404 }, { times: 1 });
    expect(await service.customers.search({ email: 'u7@example.com' })).toEqual([]);
    const one = JSON.stringify({ data: { key: 'only' }, status: 1 });
    fake.misbehave({ type: 'status', status: 200, body: one }, { times: 1 });
    expect(await service.customers.search({ email: 'u7@example.com' })).toEqual([{ key: 'only' }]);
  });
});

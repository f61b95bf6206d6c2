import { FakePartnero } from 'nestjs-partnero/testing';
import { eventually } from '../support/eventually.js';
import { pass, useFakeClock, useRealClock } from '../support/fake-clock.js';

let fake: FakePartnero;

afterEach(() => fake.stop());

function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return fetch(`${fake.baseUrl}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${fake.apiKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

const customer = { key: 'user-1', email: 'ada@example.com', partner: { key: 'ann' } };

describe('strictness', () => {
  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  it.each([
    ['no key', 401, () => call('GET', '/test', undefined, { authorization: '' })],
    ['a wrong key', 401, () => call('GET', '/test', undefined, { authorization: 'Bearer x' })],
    [
      'a key without Bearer',
      401,
      () => call('GET', '/test', undefined, { authorization: fake.apiKey }),
    ],
    ['an unknown path', 404, () => call('GET', '/nothing')],
    ['an unknown method', 404, () => call('PATCH', '/customers/x', {})],
    [
      'a path outside /v1',
      404,
      () =>
        fetch(fake.baseUrl.replace('/v1', '/v2/test'), {
          headers: { authorization: `Bearer ${fake.apiKey}` },
        }),
    ],
    [
      'an unknown partner',
      400,
      () => call('POST', '/customers', { ...customer, partner: { key: 'x' } }),
    ],
    ['a missing key', 422, () => call('POST', '/customers', { partner: { key: 'ann' } })],
    ['a missing partner', 422, () => call('POST', '/customers', { key: 'user-1' })],
    ['a bad e-mail', 422, () => call('POST', '/customers', { ...customer, email: 'nope' })],
    ['no JSON', 400, () => call('POST', '/customers', '{')],
    [
      'another content type',
      400,
      () => call('POST', '/customers', customer, { 'content-type': 'text/plain' }),
    ],
    ['an unknown customer', 404, () => call('GET', '/customers/x')],
    ['tags that are no list', 422, () => call('POST', '/customers', { ...customer, tags: 'vip' })],
    ['a page that is none', 422, () => call('GET', '/customers?page=0')],
    ['a limit too large', 422, () => call('GET', '/customers?limit=251')],
    [
      'flat fields in an update',
      422,
      async () => {
        await call('POST', '/customers', customer);
        return call('PUT', '/customers/user-1', { name: 'x' });
      },
    ],
  ])('%s: %d', async (_, status, send) => {
    const response = await send();
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status: 0, message: expect.any(String) });
  });
});

describe('transactions', () => {
  const sale = { key: 'order-1', customer: { key: 'user-1' }, amount: 99.99, amount_units: 'USD' };

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
    await call('POST', '/customers', customer);
  });

  it('with the same key are two, so that a double shows', async () => {
    await call('POST', '/transactions', sale);
    await call('POST', '/transactions', sale);
    expect(fake.transactions.map(({ key }) => key)).toEqual(['order-1', 'order-1']);
    const list = await (await call('GET', '/transactions?key=order-1')).json();
    expect(list).toMatchObject({ data: [{ key: 'order-1' }, { rewards: [{ amount: 29.997 }] }] });
    expect((await call('DELETE', '/transactions/order-1')).status).toBe(200);
    expect(fake.transactions).toHaveLength(1);
    expect((await call('DELETE', '/transactions', { key: 'order-1' })).status).toBe(200);
    expect(fake.transactions).toHaveLength(0);
    expect((await call('DELETE', '/transactions/order-1')).status).toBe(404);
  });

  it.each([
    ['an amount that is a text', 422, { ...sale, amount: '99.99' }],
    ['no amount', 422, { ...sale, amount: undefined }],
    ['no customer', 422, { ...sale, customer: undefined }],
    ['an unknown customer', 422, { ...sale, customer: { key: 'x' } }],
    ['a time that is a text', 422, { ...sale, created_at: '2025-05-02' }],
    [
      'a new customer without a partner',
      422,
      { ...sale, customer: { key: 'x' }, options: { create_customer: true } },
    ],
  ])('are refused with %s: %d', async (_, status, body) => {
    expect((await call('POST', '/transactions', body)).status).toBe(status);
    expect(fake.transactions).toHaveLength(0);
  });
});

describe('misbehaviour', () => {
  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  it('applies to some requests only, as often as told, the last one first', async () => {
    fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers', times: 2 });
    fake.misbehave({ type: 'status', status: 504 }, { on: 'POST /customers', times: 1 });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1)
      statuses.push((await call('POST', '/customers', customer)).status);
    expect(statuses).toEqual([504, 503, 503, 201]);
    expect((await call('GET', '/test')).status).toBe(200);
  });

  it('carries out, or not, what it does not answer', async () => {
    fake.misbehave({ type: 'reset_before' }, { times: 1 });
    await expect(call('POST', '/customers', customer)).rejects.toThrow();
    expect(fake.customers).toHaveLength(0);
    fake.misbehave({ type: 'reset_after' }, { times: 1 });
    await expect(call('POST', '/customers', customer)).rejects.toThrow();
    expect(fake.customers).toHaveLength(1);
    expect(fake.requests.map(({ status }) => status)).toEqual([0, 0]);
  });

  it('writes late what it cut off', async () => {
    useFakeClock();
    try {
      fake.misbehave({ type: 'reset_before_late_write', afterMs: 5_000 }, { times: 1 });
      await expect(call('POST', '/customers', customer)).rejects.toThrow();
      await pass(4_000);
      expect((await call('GET', '/customers/user-1')).status).toBe(404);
      await pass(1_000);
      expect((await call('GET', '/customers/user-1')).status).toBe(200);
    } finally {
      useRealClock();
    }
  });

  it('hangs, and can be stopped all the same', async () => {
    fake.misbehave({ type: 'hang' });
    const hanging = call('GET', '/test').catch(() => 'cut');
    await eventually(() => fake.requests.length === 1);
    await fake.stop();
    expect(await hanging).toBe('cut');
  });

  it('drips the right answer', async () => {
    fake.misbehave({ type: 'drip', everyMs: 1 });
    const response = await call('POST', '/customers', { ...customer, name: 'Zoë' });
    expect(await response.json()).toMatchObject({ data: { name: 'Zoë' } });
  });

  it('goes down and comes up at the same address', async () => {
    const { baseUrl } = fake;
    await fake.down();
    await expect(call('GET', '/test')).rejects.toThrow();
    await fake.up();
    expect(fake.baseUrl).toBe(baseUrl);
    expect((await call('GET', '/test')).status).toBe(200);
  });
});

describe('the record', () => {
  it('has everything but the API key', async () => {
    fake = await FakePartnero.start({ partners: ['ann'], apiKey: 'very-secret' });
    await call('POST', '/customers?x=1', customer);
    expect(fake.requests).toMatchObject([
      {
        method: 'POST',
        path: '/customers',
        query: { x: '1' },
        body: customer,
        authorized: true,
        status: 201,
      },
    ]);
    expect(JSON.stringify(fake.requests)).not.toContain('very-secret');
  });
});

describe('a refer-a-friend program', () => {
  it('answers in its own shape', async () => {
    fake = await FakePartnero.start({ program: 'refer-a-friend' });
    await call('POST', '/customers', { id: 'a', key: 'ada' });
    await call('POST', '/customers', { id: 'b', referring_customer: { key: 'ada' } });
    const answer = await (await call('GET', '/customers/b')).json();
    expect(answer).toMatchObject({
      data: { id: 'b', referring_customer: { id: 'a', key: 'ada' } },
    });
    expect((await call('POST', '/customers', { id: 'a' })).status).toBe(422);
    expect(
      (await call('POST', '/customers', { id: 'c', referring_customer: { key: 'x' } })).status,
    ).toBe(400);
    expect((await call('GET', '/partners')).status).toBe(404);
    expect(await (await call('GET', '/test')).json()).toMatchObject({
      data: { program: { type: 'refer_a_friend' } },
    });
  });
});

describe('partners', () => {
  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  it('are created, shown, changed and deleted', async () => {
    const made = await call('POST', '/partners', { email: 'bob@example.com', key: 'bob' });
    expect(made.status).toBe(201);
    const bob = fake.partners[1]!;
    expect(await made.json()).toMatchObject({ data: { id: bob.id, email: 'bob@example.com' } });
    for (const path of [`/partners/${bob.id}`, '/partner?key=bob']) {
      expect(await (await call('GET', path)).json()).toMatchObject({ data: { id: bob.id } });
    }
    await call('PUT', `/partners/${bob.id}`, { update: { name: 'Bob', key: 'bobby' } });
    expect(bob).toMatchObject({ name: 'Bob', key: 'bobby', email: 'bob@example.com' });
    expect(await (await call('GET', '/partners')).json()).toMatchObject({ data: [{}, {}] });
    await call('DELETE', `/partners/${bob.id}`);
    expect(fake.partners).toMatchObject([{ key: 'ann' }]);
  });

  it.each([
    ['a key in a path', 404, () => call('GET', '/partners/ann')],
    ['no e-mail', 422, () => call('POST', '/partners', { key: 'x' })],
    [
      'a weak password',
      422,
      () => call('POST', '/partners', { email: 'x@example.com', password: 'weak' }),
    ],
    ['a key that is taken', 422, () => call('POST', '/partners', { email: 'x@y.z', key: 'ann' })],
    [
      'an unknown referrer',
      400,
      () => call('POST', '/partners', { email: 'x@y.z', referring_partner: { key: 'x' } }),
    ],
  ])('are refused with %s: %d', async (_, status, send) => {
    expect((await send()).status).toBe(status);
    expect(fake.partners).toHaveLength(1);
  });
});

describe('route()', () => {
  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  it('adds an endpoint, with parameters of the path, query and body', async () => {
    fake.route('PUT /leads/:id/notes/:note', (request) => ({ status: 202, body: { ...request } }));
    const response = await call('PUT', '/leads/a%2Fb/notes/1?x=2', { text: 'hi' });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({
      params: { id: 'a/b', note: '1' },
      query: { x: '2' },
      body: { text: 'hi' },
    });
  });

  it('responds 500 with what a route throws', async () => {
    fake.route('GET /leads.json', () => {
      throw new Error('no leads');
    });
    const response = await call('GET', '/leads.json');
    expect(response.status).toBe(500);
    expect(await response.text()).toContain('no leads');
    expect((await call('GET', '/leadsXjson')).status).toBe(404);
  });

  it('replaces an endpoint, behind the check of the API key', async () => {
    fake.route('GET /test', () => ({ status: 204 }));
    expect((await call('GET', '/test')).status).toBe(204);
    expect((await call('GET', '/test', undefined, { authorization: '' })).status).toBe(401);
  });
});

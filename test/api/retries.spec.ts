import { sqliteOutbox, type PartneroModuleOptions, type PartneroService } from 'nestjs-partnero';
import { failure, startApi, stopApis } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { pass, passUntil, useFakeClock, useRealClock } from '../support/fake-clock.js';
import type { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let fake: FullFakePartnero;
let service: PartneroService;

async function start(options: PartneroModuleOptions = {}): Promise<void> {
  ({ fake, service } = await startApi({}, { retries: 2, ...options }));
  fake.addCustomer({ key: 'user-1', partner: fake.partners[0]! });
  useFakeClock();
}

afterEach(async () => {
  useRealClock();
  await stopApis();
});

afterAll(removeTemporaryFolders);

/** What became of a call, and how long it took on the clock. */
async function watched<T>(call: Promise<T>): Promise<{ value?: T; error?: unknown; ms: number }> {
  const started = Date.now();
  let end: { value?: T; error?: unknown } | undefined;
  call.then(
    (value) => (end = { value }),
    (error: unknown) => (end = { error }),
  );
  await passUntil(() => end !== undefined, 120_000, 50);
  return { ...end, ms: Date.now() - started };
}

describe('what does no more when it is carried out twice', () => {
  beforeEach(() => start());

  it.each<[string, () => Promise<unknown>]>([
    ['GET', () => service.customers.get('user-1')],
    ['a page of a list', () => service.customers.page(1)],
    ['a search', () => service.customers.search({ id: 'user-1' })],
    ['ping()', () => service.ping()],
    ['PUT', () => service.customers.update('user-1', { name: 'Ada' })],
    ['DELETE', () => service.customers.delete('user-1')],
    ['archive', () => service.customers.archive('user-1')],
    ['request() that asks for it', () => service.request({ path: '/customers', retries: 2 })],
  ])('is repeated: %s', async (_, call) => {
    fake.misbehave({ type: 'status', status: 503 }, { times: 2 });
    const { error, ms } = await watched(call());
    expect(error).toBeUndefined();
    expect(fake.requests.map(({ status }) => status)).toEqual([503, 503, 200]);
    expect(ms).toBeGreaterThanOrEqual(350);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    [
      'customers.create',
      'POST /customers',
      () => service.customers.create({ key: 'x', partner: { key: 'ann' } }),
    ],
    [
      'transactions.create',
      'POST /transactions',
      () =>
        service.transactions.create({
          customer: { key: 'user-1' },
          amount: { amount: '1', currency: 'USD' },
        }),
    ],
    [
      'partners.create',
      'POST /partners',
      () => service.partners.create({ email: 'x@example.com' }),
    ],
    [
      'partners.reward',
      'POST /partners/p/reward',
      () => service.partners.reward('p', { amount: '1' }),
    ],
    [
      'partners.signInUrl',
      'POST /partners:sign-in-url',
      () => service.partners.signInUrl({ key: 'ann' }),
    ],
    [
      'links.create',
      'POST /partner_referral_links',
      () => service.links.create({ key: 'x', partner: { key: 'ann' } }),
    ],
    [
      'leads.create',
      'POST /leads',
      () => service.leads.create({ name: 'x', email: 'x@example.com', partner: { key: 'ann' } }),
    ],
    [
      'leads.convert',
      'POST /leads/convert',
      () => service.leads.convert(1, { commission_transaction_amount: '1' }),
    ],
    [
      'webhooks.create',
      'POST /webhooks',
      () =>
        service.webhooks.create({
          name: 'x',
          url: 'https://x.example',
          events: ['partner.created'],
        }),
    ],
    ['request()', 'GET /customers', () => service.request({ path: '/customers' })],
    [
      'request() of a POST',
      'POST /x',
      () => service.request({ method: 'POST', path: '/x', retries: 5 }),
    ],
    [
      'request() of a PATCH',
      'PATCH /x',
      () => service.request({ method: 'PATCH', path: '/x', retries: 5 }),
    ],
  ])('nothing else is: %s', async (_, route, call) => {
    for (const fault of [
      { type: 'status', status: 503 },
      { type: 'reset_after' },
      { type: 'rate_limit', retryAfter: 1 },
    ] as const) {
      fake.misbehave(fault);
      expect((await watched(call())).error).toMatchObject({ retryable: true });
      await pass(5_000);
    }
    expect(fake.requestsTo(route)).toHaveLength(3);
    expect(fake.requests).toHaveLength(3);
  });

  it('nor what will not pass', async () => {
    for (const status of [400, 401, 403, 404, 405, 409, 422]) {
      fake.misbehave({ type: 'status', status }, { times: 1 });
      await failure(service.customers.get('user-1'));
    }
    expect(fake.requests).toHaveLength(7);
  });

  it('nor credits and invitations in a refer-a-friend program', async () => {
    useRealClock();
    const raf = await startApi({ program: 'refer-a-friend' }, { retries: 2 });
    useFakeClock();
    raf.fake.misbehave({ type: 'reset_after' });
    const amount = { amount: '1', currency: 'USD' };
    await watched(raf.service.customers.credit('user-1', { amount }));
    await watched(raf.service.customers.invite({ email: 'x@example.com' }));
    await watched(raf.service.transactions.create({ customer: { id: 'x' }, amount }));
    await pass(5_000);
    expect(raf.fake.requests).toHaveLength(3);
  });
});

describe('how often', () => {
  it.each([
    [0, 1],
    [1, 2],
    [5, 6],
  ])('with the option at %d: %d attempts', async (retries, attempts) => {
    await start({ retries });
    fake.misbehave({ type: 'status', status: 500 });
    expect((await watched(service.customers.get('user-1'))).error).toMatchObject({ status: 500 });
    expect(fake.requests).toHaveLength(attempts);
  });

  it.each([
    [0, 1],
    [4, 5],
    [1_000_000, 11],
    [Number.NaN, 1],
    [-1, 1],
  ])('with %d for one call: %d attempts', async (retries, attempts) => {
    await start();
    fake.misbehave({ type: 'rate_limit', retryAfter: 0 });
    await watched(service.customers.get('user-1', { retries }));
    expect(fake.requests).toHaveLength(attempts);
  });

  it('is an option that is checked', async () => {
    await expect(startApi({}, { retries: 11 })).rejects.toThrow('retries');
    await expect(startApi({}, { retries: 0.5 })).rejects.toThrow('retries');
  });

  it('deliveries have their own way: one attempt each', async () => {
    const outbox = sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` });
    await start({ outbox, delivery: { initialBackoffMs: 900_000, maxBackoffMs: 900_000 } });
    useRealClock();
    fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers', times: 1 });
    fake.misbehave({ type: 'status', status: 503 }, { on: 'GET /customers/user-1', times: 1 });
    fake.misbehave({ type: 'status', status: 422 }, { on: 'POST /customers', times: 1 });
    await service.attribute({ key: 'ann' }, { id: 'user-1' });
    await eventually(() => fake.requests.length >= 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(fake.requests.map(({ method, status }) => [method, status])).toEqual([
      ['GET', 200],
      ['POST', 422],
      ['GET', 503],
    ]);
  });
});

describe('how long', () => {
  beforeEach(() => start({ timeoutMs: 1_000 }));

  it('each attempt has its own time limit', async () => {
    fake.misbehave({ type: 'hang' });
    const { error, ms } = await watched(service.customers.get('user-1'));
    expect(error).toMatchObject({ kind: 'timeout' });
    expect(fake.requests).toHaveLength(3);
    expect(ms).toBeGreaterThanOrEqual(3_000 + 375);
    expect(ms).toBeLessThanOrEqual(3_000 + 750 + 400);
  });

  it('one that hangs does not use up the time of the next', async () => {
    fake.misbehave({ type: 'slow', ms: 900 }, { times: 1 });
    fake.misbehave({ type: 'hang' }, { times: 1 });
    const { value } = await watched(service.customers.get('user-1'));
    expect(value).toMatchObject({ key: 'user-1' });
  });

  it.each([
    [3, 3_000],
    ['0', 0],
    ['10', 10_000],
  ])('waits as long as Retry-After says: %s', async (retryAfter, expected) => {
    fake.misbehave({ type: 'rate_limit', retryAfter }, { times: 1 });
    const { value, ms } = await watched(service.customers.get('user-1'));
    expect(value).toMatchObject({ key: 'user-1' });
    expect(ms).toBeGreaterThanOrEqual(expected);
    expect(ms).toBeLessThanOrEqual(expected + 200);
  });

  it.each(['11', '86400', new Date(Date.now() + 3_600_000).toUTCString()])(
    'does not wait at all where that is longer than 10 s: %s',
    async (retryAfter) => {
      fake.misbehave({ type: 'rate_limit', retryAfter });
      const { error, ms } = await watched(service.customers.get('user-1'));
      expect(error).toMatchObject({ kind: 'rate_limited' });
      expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(10_000);
      expect(fake.requests).toHaveLength(1);
      expect(ms).toBeLessThan(500);
    },
  );

  it('waits all the same where it says nothing', async () => {
    fake.misbehave({ type: 'rate_limit' }, { times: 1 });
    const { ms } = await watched(service.customers.get('user-1'));
    expect(ms).toBeGreaterThanOrEqual(125);
  });

  it('the caller may cut it off while it waits', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    fake.misbehave({ type: 'rate_limit', retryAfter: 10 });
    const call = watched(service.customers.get('user-1', { signal }));
    await passUntil(() => fake.requests.length === 1, 1_000, 50);
    controller.abort();
    const { error, ms } = await call;
    expect(error).toMatchObject({ kind: 'aborted', ambiguous: false });
    expect(ms).toBeLessThan(1_000);
    await pass(20_000);
    expect(fake.requests).toHaveLength(1);
  });

  it('a list goes on after a page that failed at first', async () => {
    for (let i = 0; i < 4; i += 1) fake.addCustomer({ key: `more-${i}` });
    fake.misbehave({ type: 'reset_before' }, { times: 1 });
    const keys: string[] = [];
    const reading = (async () => {
      for await (const { key } of service.customers.list({ limit: 2 })) {
        keys.push(key!);
        if (keys.length === 2) fake.misbehave({ type: 'status', status: 502 }, { times: 1 });
      }
    })();
    expect((await watched(reading)).error).toBeUndefined();
    expect(keys).toEqual(['user-1', 'more-0', 'more-1', 'more-2', 'more-3']);
  });
});

describe('where an answer was lost', () => {
  beforeEach(() => start());

  it.each<[string, () => Promise<unknown>]>([
    ['a deleted customer', () => service.customers.delete('user-1')],
    ['an archived customer', () => service.customers.archive('user-1')],
  ])('what the repetition finds done is done: %s', async (_, call) => {
    fake.misbehave({ type: 'reset_after' }, { times: 1 });
    expect((await watched(call())).error).toBeUndefined();
    expect(fake.requests.at(-1)!.status).toBeGreaterThanOrEqual(400);
  });

  it('but not if no attempt can have done it', async () => {
    fake.misbehave({ type: 'rate_limit', retryAfter: 0 }, { times: 1 });
    const { error } = await watched(service.customers.delete('user-2'));
    expect(error).toMatchObject({ kind: 'not_found' });
  });

  it('the last error says that an earlier attempt may have been carried out', async () => {
    fake.misbehave({ type: 'rate_limit', retryAfter: 3_600 });
    fake.misbehave({ type: 'reset_after' }, { times: 1 });
    const { error } = await watched(service.customers.update('user-1', { name: 'Ada' }));
    expect(error).toMatchObject({ kind: 'rate_limited', ambiguous: true, retryAfterMs: 3_600_000 });
  });

  it('so does a call that is cut off then', async () => {
    const controller = new AbortController();
    fake.misbehave({ type: 'reset_after' });
    const { signal } = controller;
    const call = watched(service.customers.update('user-1', { name: 'Ada' }, { signal }));
    await passUntil(() => fake.requests.length === 1, 1_000, 10);
    controller.abort();
    expect((await call).error).toMatchObject({ kind: 'aborted', ambiguous: true });
  });
});

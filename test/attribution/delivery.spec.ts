import {
  PartneroService,
  type CustomerInput,
  type Outcome,
  type PartneroModuleOptions,
} from 'nestjs-partnero';
import type { FakeFault } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import {
  FullFakePartnero,
  type FullFakePartneroOptions,
} from '../support/fake-partnero/full-fake-partnero.js';
import { settled } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let fake: FullFakePartnero;
let running: RunningApp;
let outcomes: Outcome[];

async function start(
  fakeOptions: FullFakePartneroOptions = {},
  options: PartneroModuleOptions = {},
): Promise<void> {
  outcomes = [];
  fake = await FullFakePartnero.start({ partners: ['ann', 'bob'], ...fakeOptions });
  running = await startApp({
    imports: [partnero(fake, { onOutcome: (outcome) => outcomes.push(outcome), ...options })],
  });
}

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

/** Attributes one customer, and returns its outcome once it has one. */
async function attribute(
  customer: CustomerInput = { id: 'user-1', email: 'ada@example.com' },
  key: string | null = 'ann',
): Promise<Outcome> {
  expect(await running.app.get(PartneroService).attribute(key ? { key } : null, customer)).toBe(
    'queued',
  );
  await eventually(() => outcomes.length === 1);
  await settled(running.app, 1);
  return outcomes[0]!;
}

const posts = () => fake.requestsTo('POST /customers').length;
const ONCE = { on: 'POST /customers', times: 1 };

describe('an answer of success', () => {
  it.each([200, 201, 202, 204] as const)('%d: attributed', async (createStatus) => {
    await start({ apiVariants: { createStatus } });
    expect(await attribute()).toMatchObject({ outcome: 'attributed', customerKey: 'user-1' });
    expect(posts()).toBe(1);
  });

  it('without a status in its body: attributed', async () => {
    await start({ apiVariants: { statusField: false } });
    expect(await attribute()).toMatchObject({ outcome: 'attributed' });
  });

  it('202 with nothing: attributed', async () => {
    await start();
    fake.misbehave({ type: 'status', status: 202, body: '', writes: true }, ONCE);
    expect(await attribute()).toMatchObject({ outcome: 'attributed' });
    expect(posts()).toBe(1);
  });
});

describe('an answer that only looks like success', () => {
  it.each<[string, FakeFault]>([
    ['status 0', { type: 'status', status: 200, body: '{"status":0,"message":"no"}' }],
    ['a page', { type: 'html' }],
    ['nothing', { type: 'empty' }],
    ['half of its JSON', { type: 'cut_json' }],
    ['JSON of somebody else', { type: 'status', status: 200, body: '{"ok":true}' }],
    ['a list', { type: 'status', status: 200, body: '[]' }],
    ['null', { type: 'status', status: 200, body: 'null' }],
  ])('%s: tried again', async (_, fault) => {
    await start();
    fake.misbehave(fault, ONCE);
    const { outcome } = await attribute();
    // What had been carried out shows as a duplicate.
    expect(['attributed', 'already_registered']).toContain(outcome);
    expect(posts()).toBe(2);
    expect(fake.customers).toHaveLength(1);
  });
});

describe('trouble on the way', () => {
  it.each<[string, FakeFault]>([
    ['408', { type: 'status', status: 408 }],
    ['500', { type: 'status', status: 500 }],
    ['502 in HTML', { type: 'html', status: 502 }],
    ['503 with nothing', { type: 'status', status: 503, body: '' }],
    ['a proxy’s 404', { type: 'html', status: 404 }],
    [
      'a proxy’s 400',
      { type: 'status', status: 400, body: 'Bad Request', contentType: 'text/plain' },
    ],
    ['405', { type: 'status', status: 405 }],
    ['413', { type: 'status', status: 413 }],
    ['a redirect', { type: 'status', status: 302, headers: { location: '/elsewhere' } }],
    ['a reset before the write', { type: 'reset_before' }],
    ['no answer', { type: 'hang' }],
    ['a slow drip', { type: 'drip', everyMs: 20 }],
  ])('%s: tried again, attributed once', async (_, fault) => {
    await start({}, { timeoutMs: 150 });
    fake.misbehave(fault, ONCE);
    expect(['attributed', 'already_registered']).toContain((await attribute()).outcome);
    expect(posts()).toBe(2);
    expect(fake.customers).toHaveLength(1);
    expect(fake.requests.some(({ path }) => path.includes('elsewhere'))).toBe(false);
  });

  it.each<[string, FakeFault]>([
    ['an answer that came too late', { type: 'hang', writes: true }],
    ['an answer that was lost', { type: 'reset_after' }],
    ['a 500 after the write', { type: 'status', status: 500, writes: true }],
  ])('%s: ends as already registered, by the same partner', async (_, fault) => {
    await start({}, { timeoutMs: 150 });
    fake.misbehave(fault, ONCE);
    expect(await attribute()).toMatchObject({
      outcome: 'already_registered',
      samePartner: true,
      reason: '422 key',
    });
    expect(fake.customers).toHaveLength(1);
  });
});

describe('a customer who is there already', () => {
  const there = (partner: string) =>
    fake.addCustomer({ key: 'user-1', partner: fake.partners.find(({ key }) => key === partner)! });

  it.each([409, 422] as const)('%d: already registered', async (duplicateStatus) => {
    for (const errorBody of ['message', 'errors', 'both'] as const) {
      await start({ apiVariants: { duplicateStatus, errorBody } });
      there('ann');
      expect(await attribute()).toMatchObject({ outcome: 'already_registered', samePartner: true });
      await closeApps();
      await fake.stop();
    }
  });

  it.each(['id', 'key'] as const)('is told from another partner’s by %s', async (partnerField) => {
    await start({ apiVariants: { partnerField } });
    there('bob');
    expect(await attribute()).toMatchObject({ outcome: 'already_registered', samePartner: false });
    const [entry] = await running.app.get(PartneroService).outbox.find({ customerKey: 'user-1' });
    expect(entry).toMatchObject({
      outcome: 'already_registered',
      detail: { samePartner: false, partner: fake.customers[0]!.partner![partnerField] },
    });
  });

  it('whose partner cannot be told: unknown', async () => {
    await start();
    there('bob');
    fake.misbehave({ type: 'status', status: 500 }, { on: 'GET /partner' });
    expect(await attribute()).toMatchObject({
      outcome: 'already_registered',
      samePartner: 'unknown',
    });
  });

  it('whose partner has an id that is no string: unknown, not somebody else’s', async () => {
    await start();
    there('bob');
    const body = JSON.stringify({ data: { id: 7, key: 'ann' }, status: 1 });
    fake.misbehave({ type: 'status', status: 200, body }, { on: 'GET /partner' });
    expect(await attribute()).toMatchObject({
      outcome: 'already_registered',
      samePartner: 'unknown',
    });
  });

  it('but deleted: rejected', async () => {
    await start();
    there('ann').deletedAt = new Date();
    expect(await attribute()).toMatchObject({
      outcome: 'rejected',
      reason: '422 key customer_deleted',
    });
  });

  it('under another key, found by e-mail: rejected', async () => {
    await start({ apiVariants: { uniqueEmails: true } });
    fake.addCustomer({ key: 'other', email: 'ada@example.com' });
    expect(await attribute()).toMatchObject({
      outcome: 'rejected',
      reason: '422 email other_customer',
    });
    expect(fake.customers).toHaveLength(1);
  });

  it('under another key, found by what we look up: no match', async () => {
    await start({ apiVariants: { uniqueEmails: true } });
    fake.addCustomer({ key: 'other', email: 'ada@example.com' });
    const customer = { id: 'ada@example.com', email: 'ada@example.com' };
    expect(await attribute(customer)).toMatchObject({
      outcome: 'rejected',
      reason: '422 email other_customer',
      customerKey: expect.stringMatching(/^sha256:[0-9a-f]{12}$/),
    });
    expect(running.logger.text).not.toContain('ada@example.com');
  });

  it('is looked up again when the look-up fails', async () => {
    await start();
    there('ann');
    fake.misbehave({ type: 'status', status: 500 }, { on: 'GET /customers/user-1', times: 1 });
    expect(await attribute()).toMatchObject({ outcome: 'already_registered' });
    expect(posts()).toBe(2);
  });
});

describe('a refusal', () => {
  it.each([400, 404, 422] as const)('%d of the partner: unknown partner', async (status) => {
    await start({ apiVariants: { unknownPartnerStatus: status } });
    const outcome = await attribute(undefined, 'nobody');
    expect(outcome).toMatchObject({ outcome: 'unknown_partner', referralKey: 'nobody' });
    expect(posts()).toBe(status === 404 ? 2 : 1);
    const warnings = running.logger.ours('warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('unknown_partner');
    expect(warnings[0]).not.toContain('ada@example.com');
  });

  it('400 that names other fields only: rejected', async () => {
    await start();
    const body = '{"status":0,"errors":{"tags":["too many"]}}';
    fake.misbehave({ type: 'status', status: 400, body }, ONCE);
    expect(await attribute()).toMatchObject({ outcome: 'rejected', reason: '400 tags' });
  });

  it('422 of a field: rejected, and the field is named', async () => {
    await start();
    const body = '{"message":"ada@example.com is bad","errors":{"surname":["ada@example.com!"]}}';
    fake.misbehave({ type: 'status', status: 422, body }, ONCE);
    expect(await attribute()).toMatchObject({ outcome: 'rejected', reason: '422 surname' });
    expect(running.logger.text).not.toContain('ada@example.com');
  });

  it.each([400, 422])('%d of the e-mail alone: left out, still attributed', async (status) => {
    await start();
    const body = JSON.stringify({ status: 0, errors: { email: ['The email is invalid.'] } });
    fake.misbehave({ type: 'status', status, body }, ONCE);
    expect(await attribute()).toMatchObject({
      outcome: 'attributed',
      reason: 'invalid_email_dropped',
    });
    expect(fake.customers).toMatchObject([{ key: 'user-1', email: null }]);
    expect(running.logger.ours('warn').join()).not.toContain('ada@example.com');
  });

  it('of a partner whose key is an e-mail address shows it nowhere', async () => {
    await start();
    const { referralKey } = await attribute({ id: 'user-1' }, 'john.doe@mail.example');
    expect(referralKey).toMatch(/^sha256:/);
    expect(running.logger.text).not.toContain('john.doe');
    const { outbox } = running.app.get(PartneroService);
    expect(await outbox.find({ customerKey: 'user-1' })).toMatchObject([
      { referralKey: 'john.doe@mail.example' },
    ]);
  });

  it('of a customer whose id would start a new log line shows a hash instead', async () => {
    await start();
    const id = 'user-1\r\n[Nest] ERROR \u001b[31mforged';
    const { customerKey } = await attribute({ id }, 'nobody');
    expect(customerKey).toMatch(/^sha256:/);
    expect(running.logger.ours('warn').join()).toMatch(/Customer sha256:/);
    expect(running.logger.text).not.toContain('forged');
  });

  it('404 from a host that is not Partnero: nobody is rejected', async () => {
    await start({}, {});
    fake.misbehave({ type: 'status', status: 404, body: '{"message":"Not Found"}' });
    await running.app.get(PartneroService).attribute({ key: 'ann' }, { id: 'user-1' });
    await eventually(() => posts() >= 2);
    expect(outcomes).toEqual([]);
    fake.heal();
    await eventually(() => outcomes.length === 1);
    expect(outcomes).toMatchObject([{ outcome: 'attributed' }]);
  });
});

describe('what the DTO refuses', () => {
  it.each([
    ['a name that is an object', { name: { first: 'Ada' } as never }],
    ['a surname that is a number', { surname: 7 as never }],
    ['tags that are no texts', { tags: [{ id: 1, label: 'vip' }] as never }],
    ['tags that are no list', { tags: 'vip' as never }],
  ])('%s, as an entity may have: not meant, so left out', async (_, fields) => {
    await start();
    expect(await attribute({ id: 'user-1', ...fields })).toMatchObject({
      outcome: 'attributed',
      reason: undefined,
    });
    expect(fake.requestsTo('POST /customers')[0]?.body).toEqual({
      key: 'user-1',
      partner: { key: 'ann' },
    });
  });

  it('a bad e-mail and a name that is an object: both left out', async () => {
    await start();
    const fields = { email: 'nope', name: { first: 'Ada' } as never };
    expect(await attribute({ id: 'user-1', ...fields })).toMatchObject({
      outcome: 'attributed',
      reason: 'invalid_email_dropped',
    });
  });

  it('a bad e-mail alone: left out, still attributed, warned of', async () => {
    await start();
    expect(await attribute({ id: 'user-1', email: 'not an address', name: 'Ada' })).toMatchObject({
      outcome: 'attributed',
      reason: 'invalid_email_dropped',
    });
    expect(fake.customers).toMatchObject([{ key: 'user-1', email: null, name: 'Ada' }]);
    expect(running.logger.ours('warn')).toHaveLength(1);
    expect(running.logger.text).not.toContain('not an address');
  });

  it.each([
    'a@localhost',
    'ümlaut@example.com',
    'a_b@ex_ample.com',
    `${'a'.repeat(70)}@example.com`,
  ])('not the address %s', async (email) => {
    await start();
    expect(await attribute({ id: 'user-1', email })).toMatchObject({ outcome: 'attributed' });
    expect(fake.customers).toMatchObject([{ email }]);
  });
});

describe('keys', () => {
  it.each([
    'user/1',
    'a b',
    'ü?#&',
    'ada@example.com',
    'a%2Fb',
    'customers:search',
    '..',
    '.',
    'x'.repeat(300),
  ])('%s is sent whole and looked up encoded', async (key) => {
    await start();
    fake.addCustomer({ key, partner: fake.partners[0]! });
    const { outcome } = await attribute({ id: key, email: null });
    // No path can hold a dot segment: that one can't be looked up.
    expect(outcome).toBe(key === '..' || key === '.' ? 'rejected' : 'already_registered');
    expect(fake.customers).toHaveLength(1);
  });
});

describe('a refer-a-friend program', () => {
  const startFriends = (apiVariants: FullFakePartneroOptions['apiVariants'] = {}) =>
    start({ program: 'refer-a-friend', apiVariants }, { program: 'refer-a-friend' });

  it('is told our identifier as id, and who referred the customer', async () => {
    await startFriends();
    fake.addCustomer({ id: 'old-friend', key: 'friend' });
    expect(await attribute({ id: 7, name: 'Ada', tags: ['x'] }, 'friend')).toMatchObject({
      outcome: 'attributed',
    });
    expect(fake.requestsTo('POST /customers')[0]!.body).toEqual({
      id: '7',
      name: 'Ada',
      referring_customer: { key: 'friend' },
    });
  });

  it('is told of a customer whom nobody referred', async () => {
    await startFriends();
    expect(await attribute({ id: 'user-1' }, null)).toMatchObject({ outcome: 'registered' });
    expect(fake.requestsTo('POST /customers')[0]!.body).toEqual({ id: 'user-1' });
  });

  it.each([400, 404, 422] as const)(
    'that refuses the referrer with %d gets the customer without one',
    async (unknownPartnerStatus) => {
      await startFriends({ unknownPartnerStatus });
      expect(await attribute({ id: 'user-1' }, 'nobody')).toMatchObject({
        outcome: 'registered',
        reason: 'unknown_referrer',
      });
      expect(fake.customers).toMatchObject([{ id: 'user-1', referrer: null }]);
    },
  );

  it.each([409, 422] as const)('compares ids when it says %d', async (duplicateStatus) => {
    await startFriends({ duplicateStatus });
    const referrer = fake.addCustomer({ id: 'old-friend', key: 'friend' });
    fake.addCustomer({ id: 'user-1', referrer });
    expect(await attribute({ id: 'user-1' }, 'friend')).toMatchObject({
      outcome: 'already_registered',
      samePartner: true,
    });
  });

  it('counts a missing referral as no reason to skip', async () => {
    await startFriends();
    await attribute({ id: 'user-1' }, null);
    const { notAccepted } = await running.app.get(PartneroService).outbox.stats();
    expect(notAccepted.no_referral).toBe(0);
  });
});

import { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';

let fake: FullFakePartnero;

afterEach(() => fake.stop());

function call(method: string, path: string, body?: object) {
  return fetch(`${fake.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${fake.apiKey}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

const customer = { key: 'user-1', email: 'ada@example.com', partner: { key: 'ann' } };

describe('API variants of the fake', () => {
  it('takes either side of each conflict', async () => {
    fake = await FullFakePartnero.start({ partners: ['ann'] });
    await call('POST', '/customers', customer);
    const duplicate = async () => {
      const response = await call('POST', '/customers', customer);
      return [response.status, Object.keys((await response.json()) as object).toSorted()];
    };
    expect(await duplicate()).toEqual([422, ['errors', 'message', 'status']]);
    fake.apiVariants.duplicateStatus = 409;
    fake.apiVariants.errorBody = 'message';
    expect(await duplicate()).toEqual([409, ['message', 'status']]);
    fake.apiVariants.errorBody = 'errors';
    expect(await duplicate()).toEqual([409, ['errors', 'status']]);

    const shown = async () =>
      ((await (await call('GET', '/customers/user-1')).json()) as { data: object }).data;
    expect(await shown()).toMatchObject({ partner: fake.partners[0]!.id });
    fake.apiVariants.partnerField = 'key';
    expect(await shown()).toMatchObject({ partner: 'ann' });
    fake.apiVariants.statusField = false;
    expect(await (await call('GET', '/customers/user-1')).json()).not.toHaveProperty('status');

    fake.apiVariants.updateBody = 'flat';
    expect((await call('PUT', '/customers/user-1', { name: 'x' })).status).toBe(200);
    fake.apiVariants.updateBody = 'either';
    expect((await call('PUT', '/customers/user-1', { update: { name: 'y' } })).status).toBe(200);
    expect(fake.customers).toMatchObject([{ name: 'y' }]);
    expect((await call('GET', '/customers/ada@example.com')).status).toBe(200);
    fake.apiVariants.findsByEmail = false;
    expect((await call('GET', '/customers/ada@example.com')).status).toBe(404);
    fake.apiVariants.maxLimit = 100;
    expect((await call('GET', '/customers?limit=101')).status).toBe(422);
    fake.apiVariants.tellsPublicId = false;
    expect(await (await call('GET', '/test')).json()).toEqual({
      data: { program: { type: 'affiliate' } },
    });
  });

  it('of two transactions with one key, a deletion removes one or both', async () => {
    fake = await FullFakePartnero.start({ partners: ['ann'] });
    await call('POST', '/customers', customer);
    const sale = { key: 'order-1', customer: { key: 'user-1' }, amount: 1, amount_units: 'USD' };
    for (const [doubledKey, left] of [
      ['first', 1],
      ['all', 0],
    ] as const) {
      fake.apiVariants.doubledKey = doubledKey;
      while (fake.transactions.length < 2) await call('POST', '/transactions', sale);
      expect((await call('DELETE', '/transactions', { key: 'order-1' })).status).toBe(200);
      expect(fake.transactions).toHaveLength(left);
    }
  });

  it.each([
    ['repeatable', ['k', 'k']],
    ['generated', []],
  ] as const)('takes the side that keys of webhooks are %s', async (webhookKeys, expected) => {
    fake = await FullFakePartnero.start({ apiVariants: { webhookKeys } });
    const webhook = {
      name: 'ours',
      url: 'https://x.example',
      events: ['lead.submitted'],
      key: 'k',
    };
    for (let i = 0; i < 2; i += 1) await call('POST', '/webhooks', webhook);
    expect(fake.webhooks.map(({ key }) => key).filter((key) => key === 'k')).toEqual(expected);
    expect(fake.webhooks).toHaveLength(2);
  });
});

describe('each type of program', () => {
  it.each([
    ['affiliate', ['/partners', '/leads', '/transactions', '/partner_referral_links:domains']],
    ['refer-a-friend', ['/customers', '/transactions']],
    ['newsletter', ['/subscribers', '/rewards']],
  ] as const)('has its own routes, and no others: %s', async (program, own) => {
    fake = await FullFakePartnero.start({ program });
    const all = [
      '/partners',
      '/leads',
      '/transactions',
      '/partner_referral_links:domains',
      '/customers',
      '/subscribers',
      '/rewards',
    ];
    const answered: string[] = [];
    for (const path of all) if ((await call('GET', path)).status === 200) answered.push(path);
    expect(answered).toEqual(expect.arrayContaining([...own]));
    expect(answered.includes('/subscribers')).toBe(program === 'newsletter');
    expect(answered.includes('/partners')).toBe(program === 'affiliate');
    expect((await call('DELETE', '/program')).status).toBe(404);
  });
});

it('a refer-a-friend program has no archive of customers', async () => {
  fake = await FullFakePartnero.start({ program: 'refer-a-friend' });
  await call('POST', '/customers', { id: 'a', key: 'ada' });
  expect((await call('POST', '/customers/a/archive')).status).toBe(404);
});

it('a search by key in an affiliate program is refused', async () => {
  fake = await FullFakePartnero.start();
  expect((await call('GET', '/customers:search?key=x')).status).toBe(422);
});

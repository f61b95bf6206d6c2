import { failure, startApi, stopApis } from '../../support/api.js';
import { ada, affiliate, referAFriend, sale } from '../../support/conflicts.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';

// Each reading in turn, and what comes of the call. Rows of docs/partnero-conflicts.md.

afterEach(stopApis);

afterAll(removeTemporaryFolders);

describe('updates', () => {
  it('an update of a customer is wrapped, or flat', async () => {
    for (const updateBody of ['wrapped', 'flat', 'either'] as const) {
      const { fake, service } = await affiliate({ updateBody });
      await service.customers.create(ada);
      const changes = { name: 'Ada', tags: ['vip'] };
      expect(await service.customers.update('user-1', changes)).toMatchObject({
        name: 'Ada',
        tags: [{ value: 'vip' }],
        email: 'ada@example.com',
      });
      await service.customers.update('user-1', { key: 'user-2' });
      expect(fake.customers).toMatchObject([{ key: 'user-2', ...changes }]);
      const wrong = service.customers.update('user-2', { email: 'ada@' });
      expect(await failure(wrong)).toMatchObject({ kind: 'invalid_input' });
    }
  });

  it('an update of a partner is wrapped, or flat', async () => {
    for (const updateBody of ['wrapped', 'flat', 'either'] as const) {
      const { fake, service } = await affiliate({ updateBody });
      const { id } = fake.partners[0]!;
      expect(await service.partners.update(id, { surname: 'B.' })).toMatchObject({ surname: 'B.' });
      const taken = () => service.partners.update(id, { email: 'bob@partners.example' });
      expect(await failure(taken)).toMatchObject({
        kind: 'validation',
        fieldErrors: { email: [expect.any(String)] },
      });
      // Though it isn't said what is wrong, it doesn't pass for done.
      fake.apiVariants.errorBody = 'message';
      expect(await failure(taken)).toMatchObject({ kind: 'validation' });
    }
    // An answer that shows the old state, of something that was understood.
    const { fake, service } = await affiliate({});
    const { id } = fake.partners[0]!;
    const stale = JSON.stringify({ data: { name: 'ann' }, status: 1 });
    fake.misbehave({ type: 'status', status: 200, body: stale, writes: true }, { times: 1 });
    expect(await service.partners.update(id, { name: 'Ann B.' })).toEqual({ name: 'ann' });
    expect(fake.partners[0]).toMatchObject({ name: 'Ann B.' });
    fake.misbehave({ type: 'status', status: 200, body: stale }, { times: 1 });
    fake.misbehave({ type: 'status', status: 503 }, { times: 1 });
    expect(await failure(service.partners.update(id, { name: 'x' }))).toMatchObject({
      status: 503,
    });
  });

  it('a customer of a refer-a-friend program is updated by path or by body, wrapped or flat', async () => {
    for (const updateCustomerAt of ['path', 'body', 'both'] as const) {
      for (const updateBody of ['wrapped', 'flat', 'either'] as const) {
        // Flat fields are known of the path only.
        if (updateCustomerAt === 'body' && updateBody === 'flat') continue;
        const { service } = await referAFriend({ updateCustomerAt, updateBody });
        await service.customers.create({ id: 'user-1' });
        expect(await service.customers.update('user-1', { name: 'Ada' })).toMatchObject({
          id: 'user-1',
          name: 'Ada',
        });
        const unknown = service.customers.update('user-2', { name: 'Ada' });
        expect((await failure(unknown)).status).toBeGreaterThanOrEqual(404);
      }
    }
  });
});

describe('what is sent', () => {
  it('keys may be of any length, or of 64 characters', async () => {
    const long = 'k'.repeat(65);
    for (const maxKeyLength of [null, 64]) {
      const { fake, service } = await affiliate({ maxKeyLength });
      await service.customers.create(ada);
      const recorded = service.transactions.create({ ...sale, key: long });
      if (maxKeyLength === null) {
        await recorded;
        await service.transactions.delete(long);
      } else {
        expect(await failure(recorded)).toMatchObject({
          kind: 'validation',
          fieldErrors: { key: [expect.any(String)] },
        });
      }
      // Never cut: a refund by the whole key would miss it.
      expect(fake.requestsTo('POST /transactions')[0]!.body).toMatchObject({ key: long });
      expect(fake.transactions).toEqual([]);
    }
  });

  it('a partner may have a password, or must', async () => {
    for (const passwordRequired of [false, true]) {
      const { service } = await affiliate({ passwordRequired });
      await service.partners.create({ email: 'cy@example.com', password: 'Secret-1' });
      const without = service.partners.create({ email: 'di@example.com' });
      if (!passwordRequired) {
        expect(await without).toMatchObject({ email: 'di@example.com' });
        continue;
      }
      expect(await failure(without)).toMatchObject({
        kind: 'validation',
        fieldErrors: { password: [expect.any(String)] },
      });
    }
  });

  it('a customer of a refer-a-friend program may have an e-mail, or must', async () => {
    for (const emailRequired of [false, true]) {
      const { service } = await referAFriend({ emailRequired });
      await service.customers.create({ id: 'user-1', email: 'ada@example.com' });
      const without = service.customers.create({ id: 'user-2' });
      if (!emailRequired) {
        expect(await without).toMatchObject({ id: 'user-2' });
        continue;
      }
      expect(await failure(without)).toMatchObject({
        kind: 'validation',
        fieldErrors: { email: [expect.any(String)] },
      });
    }
  });

  it('a transaction may have an action, or must', async () => {
    for (const actionRequired of [false, true]) {
      const { fake, service } = await affiliate({ actionRequired });
      await service.customers.create(ada);
      await service.transactions.create(sale);
      expect(fake.transactions).toMatchObject([{ action: 'sale' }]);
    }
  });

  it('the time of a sale is in Unix seconds, or a text', async () => {
    const created_at = new Date('2025-05-02T16:12:39Z');
    for (const saleTime of ['unix', 'text'] as const) {
      const { fake, service } = await affiliate({ saleTime }, { apiVariants: { saleTime } });
      await service.customers.create(ada);
      await service.transactions.create({ ...sale, created_at });
      expect(fake.transactions).toMatchObject([{ createdAt: created_at }]);
    }
    const { service } = await affiliate({ saleTime: 'either' });
    await service.customers.create(ada);
    await service.transactions.create({ ...sale, created_at });
  });

  it('a sale that creates its customer names the partner in the customer, or beside', async () => {
    for (const newCustomerPartner of ['nested', 'top'] as const) {
      const { fake, service } = await affiliate({ newCustomerPartner });
      await service.transactions.create({
        ...sale,
        customer: { key: 'new', partner: { key: 'bob' } },
        options: { create_customer: true },
      });
      expect(fake.customers).toMatchObject([{ key: 'new', partner: { key: 'bob' } }]);
    }
  });

  it('fields of links are in snake_case, or in camelCase', async () => {
    for (const linkFields of ['snake_case', 'camelCase'] as const) {
      const { fake, service } = await affiliate({ linkFields }, { apiVariants: { linkFields } });
      const link = { key: 'spring', partner: { key: 'ann' }, domain_id: 7, is_additional: true };
      expect(await service.links.create(link)).toMatchObject({ is_additional: true });
      await service.links.update('spring', { direct_tracking: true });
      expect(fake.links).toMatchObject([{ fields: { direct_tracking: true } }]);
    }
  });

  it('a subscriber’s own id is called id, or identifier', async () => {
    for (const subscriberId of ['id', 'identifier'] as const) {
      const { fake, service } = await startApi(
        { program: 'newsletter', apiVariants: { subscriberId } },
        { apiVariants: { subscriberId } },
      );
      await service.subscribers.create({ id: 's1', email: 'ada@example.com' });
      await service.subscribers.create({ email: 'bea@example.com', referral: { id: 's1' } });
      expect(await service.subscribers.search({ id: 's1' })).toHaveLength(1);
      expect(await service.subscribers.update({ id: 's1' }, { name: 'Ada' })).toMatchObject({
        id: 's1',
        name: 'Ada',
      });
      expect(fake.subscribers[1]!.referrer).toBe(fake.subscribers[0]);
      await service.subscribers.delete({ id: 's1' });
      expect(fake.subscribers).toHaveLength(1);
    }
  });

  it('leads are converted and rejected by POST, or by GET', async () => {
    for (const leadMethod of ['POST', 'GET', 'both'] as const) {
      const { fake, service } = await affiliate({ leadMethod });
      const lead = { name: 'Cy', email: 'cy@example.com', partner: { key: 'ann' } };
      await service.leads.create(lead);
      await service.leads.create(lead);
      await service.leads.convert(1, { commission_transaction_amount: '120.50' });
      await service.leads.reject(2);
      expect(fake.leads).toMatchObject([
        { status: 'converted', amount: 120.5 },
        { status: 'rejected' },
      ]);
      expect(await failure(service.leads.reject(3))).toMatchObject({ kind: 'not_found' });
      // A GET that changes something is no less dangerous to repeat.
      fake.misbehave({ type: 'reset_after' });
      const before = fake.requests.length;
      await failure(service.leads.reject(1, { retries: 5 }));
      expect(fake.requests).toHaveLength(before + 1);
    }
  });

  it('webhooks may have the events of the guide, or not', async () => {
    const hook = { name: 'Shop', url: 'https://shop.example', events: ['reward.paid'] };
    for (const unconfirmedEvents of [true, false]) {
      const { service } = await affiliate({ unconfirmedEvents });
      const made = service.webhooks.create(hook);
      if (unconfirmedEvents) expect(await made).toMatchObject({ events: ['reward.paid'] });
      else expect(await failure(made)).toMatchObject({ kind: 'validation' });
    }
  });

  it('promotion codes are at a singular path, or at a plural one', async () => {
    for (const promotionCodesAt of ['promotion-code', 'promotion-codes'] as const) {
      const { service } = await affiliate({ promotionCodesAt });
      const body = { coupon_uuid: 'c1', coupon_id: 'c1' };
      await service.request({ method: 'POST', path: `/${promotionCodesAt}`, body });
    }
  });
});

import { failure, startApi, stopApis } from '../support/api.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

afterEach(stopApis);

afterAll(removeTemporaryFolders);

it('reads and updates', async () => {
  const { fake, service } = await startApi();
  expect(await service.program.get()).toMatchObject({
    program: { type: 'Affiliate', public_id: 'FAKE0001' },
    program_settings: { cookie_lifetime: '30' },
  });
  await service.program.update({ name: 'Spring' });
  expect(fake.requestsTo('PUT /program')[0]!.body).toEqual({ name: 'Spring' });
  expect(await service.program.get()).toMatchObject({ program: { name: 'Spring' } });
  expect(await failure(service.program.update({ website: 'nowhere' }))).toMatchObject({
    kind: 'validation',
    fieldErrors: { website: [expect.any(String)] },
  });
});

it('has no way to delete a program', async () => {
  const { service } = await startApi();
  expect('delete' in service.program).toBe(false);
});

describe('what has no method of its own', () => {
  it('is called with request(), in affiliate programs', async () => {
    const { fake, service } = await startApi();
    const { request } = service;
    const send = request.bind(service);
    const payout = { 'partner.key': 'ann', amount_units: 'usd' };
    await send({ method: 'POST', path: '/payout_requests', body: payout });
    await send({ method: 'POST', path: ['payout_requests', '1', 'approve'] });
    await send({ method: 'POST', path: ['payout_requests', '1', 'mark_as_paid'] });
    const again = send({ method: 'POST', path: ['payout_requests', '1', 'mark_as_paid'] });
    expect(await failure(again)).toMatchObject({ kind: 'bad_request' });
    expect(await send({ path: '/payout_requests' })).toMatchObject({ data: [{ id: 1 }] });
    expect(await send({ path: '/payout_requests:search' })).toMatchObject({ data: [{ id: 1 }] });
    expect(await send({ path: ['payout_requests', '1'] })).toMatchObject({
      data: { status: 'finished' },
    });

    const renamed = { email: 'ann@partners.example', update: { name: 'Ann B.' } };
    await send({ method: 'PUT', path: '/partners', body: renamed });
    await send({ method: 'DELETE', path: '/partners', body: { key: 'bob' } });
    expect(fake.partners).toMatchObject([{ key: 'ann', name: 'Ann B.' }]);

    await send({ method: 'POST', path: '/coupons', body: { name: 'Ten' } });
    await send({ method: 'PUT', path: ['coupons', '1'], body: { active: false } });
    expect(await send({ path: '/coupons' })).toMatchObject({ data: [{ active: false }] });
    expect(await send({ path: ['coupons', '1'] })).toMatchObject({ data: { name: 'Ten' } });
    await send({ method: 'POST', path: '/promotion-code', body: { coupon_uuid: '1' } });
    await send({ method: 'DELETE', path: ['coupons', '1'] });

    expect(await send({ path: '/program/overview' })).toMatchObject({ data: { program: {} } });
    await send({ method: 'PUT', path: '/settings', body: { settings: {} } });
    const batch = {
      customer: { key: 'user-1', partner: { key: 'ann' } },
      options: { create_customer: true },
      transactions: [
        { key: 'a', amount: 1 },
        { key: 'b', amount: 2 },
      ],
    };
    await send({ method: 'POST', path: '/transactions', body: batch });
    expect(await send({ path: '/transactions' })).toMatchObject({ data: [{ key: 'a' }, {}] });
  });

  it('is called with request(), in newsletter programs', async () => {
    const { service } = await startApi({ program: 'newsletter' });
    await service.request({ method: 'POST', path: '/rewards', body: { name: 'Mug' } });
    expect(await service.request({ path: '/rewards' })).toMatchObject({ data: [{ id: 1 }] });
    expect(await service.request({ path: ['rewards', '1'] })).toMatchObject({
      data: { name: 'Mug' },
    });
  });
});

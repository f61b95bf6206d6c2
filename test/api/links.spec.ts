import { all, failure, startApi, stopApis } from '../support/api.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

afterEach(stopApis);

afterAll(removeTemporaryFolders);

it('of partners', async () => {
  const { fake, service } = await startApi();
  const { links } = service;
  const { id } = fake.partners[0]!;
  expect(await all(links.domains())).toMatchObject([{ id: null }, { id: 7 }]);
  const made = await links.create({
    key: 'spring',
    partner: { key: 'ann' },
    domain_id: 7,
    is_additional: true,
  });
  expect(made).toMatchObject({ id: 'spring', key: 'spring', is_additional: true });
  expect(fake.requestsTo('POST /partner_referral_links')[0]!.body).toEqual({
    key: 'spring',
    partner: { key: 'ann' },
    domain_id: 7,
    is_additional: true,
  });
  const again = links.create({ key: 'spring', partner: { key: 'bob' } });
  expect(await failure(again)).toMatchObject({ kind: 'validation' });
  const half = links.create({ key: 'x', partner: { key: 'ann' }, domain_id: 7 });
  expect(await failure(half)).toMatchObject({ kind: 'invalid_input' });
  expect(await all(links.ofPartner(id))).toMatchObject([{ id: 'spring' }]);
  expect(await links.update('spring', { direct_tracking: true })).toMatchObject({
    direct_tracking: true,
  });
  expect(await links.get('spring')).toMatchObject({ direct_tracking: true });
  expect(await links.search({ key: 'spring' })).toMatchObject([{ id: 'spring' }]);
  await links.delete('spring');
  expect(await failure(links.get('spring'))).toMatchObject({ kind: 'not_found' });
});

it('of customers', async () => {
  const { fake, service } = await startApi({ program: 'refer-a-friend' });
  const { links } = service;
  fake.addCustomer({ id: 'user-1', key: 'ada' });
  await links.create({ key: 'friends', customer: { id: 'user-1' } });
  expect(await all(links.ofCustomer('user-1'))).toMatchObject([{ id: 'friends' }]);
  expect(await links.search({ key: 'friends', customer: { id: 'user-1' } })).toHaveLength(1);
  expect(await links.search({ key: 'friends', customer: { id: 'user-2' } })).toEqual([]);
  expect(fake.requests.at(-1)!.query).toEqual({ key: 'friends', 'customer[id]': 'user-2' });
  expect(await links.update('friends', { is_additional: true })).toMatchObject({
    is_additional: true,
  });
  await links.delete('friends');
  expect(fake.links).toEqual([]);
  const nobody = links.create({ key: 'x', customer: {} });
  expect(await failure(nobody)).toMatchObject({
    fieldErrors: { 'customer.key': expect.anything() },
  });
});

it('changes links that are updated in a wrapper, too', async () => {
  const { fake, service } = await startApi();
  await service.links.create({ key: 'a', partner: { key: 'ann' } });
  fake.apiVariants.linkUpdateBody = 'wrapped';
  expect(await service.links.update('a', { direct_tracking: true })).toMatchObject({
    direct_tracking: true,
  });
});

import { all, failure, startApi, stopApis } from '../support/api.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

afterEach(stopApis);

afterAll(removeTemporaryFolders);

const hook = { name: 'Shop', url: 'https://shop.example/partnero', events: ['partner.approved'] };

it('creates, lists, shows, updates and deletes', async () => {
  const { fake, service } = await startApi();
  const { webhooks } = service;
  const made = await webhooks.create({ ...hook, key: 'w1' });
  expect(made).toMatchObject({ key: 'w1', is_active: true, signature: expect.any(String) });
  expect(await all(webhooks.list())).toHaveLength(1);
  expect(await webhooks.page(1)).toMatchObject({ items: [{ key: 'w1' }], hasNext: false });
  expect(await webhooks.update('w1', { is_active: false })).toMatchObject({ is_active: false });
  expect(fake.requestsTo('PUT /webhooks/w1')[0]!.body).toEqual({ is_active: false });
  expect(await webhooks.get('w1')).toMatchObject({ is_active: false, name: 'Shop' });
  await webhooks.delete('w1');
  expect(await failure(webhooks.delete('w1'))).toMatchObject({ kind: 'not_found' });
});

it('are refused with events of another type of program, or none', async () => {
  const { service } = await startApi({ program: 'refer-a-friend' });
  expect(await failure(service.webhooks.create(hook))).toMatchObject({ kind: 'validation' });
  const none = service.webhooks.create({ ...hook, events: [] });
  expect(await failure(none)).toMatchObject({ kind: 'invalid_input' });
});

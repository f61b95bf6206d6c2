import type { PartneroService } from 'nestjs-partnero';
import { all, failure, startApi, stopApis } from '../support/api.js';
import type { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let fake: FullFakePartnero;
let service: PartneroService<'newsletter'>;

beforeEach(async () => {
  ({ fake, service } = await startApi({ program: 'newsletter' }));
  await service.subscribers.create({ email: 'ada@example.com', id: 's1', name: 'Ada' });
});

afterEach(stopApis);

afterAll(removeTemporaryFolders);

it('creates, referred or not', async () => {
  const bea = await service.subscribers.create({
    email: 'bea@example.com',
    referral: { id: 's1' },
    status: 'suspended',
    tos: true,
  });
  expect(bea).toMatchObject({ id: null, is_referred: true, status: 'Suspended' });
  expect(fake.requestsTo('POST /subscribers')[1]!.body).toEqual({
    email: 'bea@example.com',
    referral: { id: 's1' },
    status: 'suspended',
    tos: true,
  });
  const taken = service.subscribers.create({ email: 'bea@example.com' });
  expect(await failure(taken)).toMatchObject({ kind: 'validation' });
  const wrong = service.subscribers.create({ email: 'x@example.com', status: 'gone' as never });
  expect(await failure(wrong)).toMatchObject({ kind: 'invalid_input' });
  expect(await all(service.subscribers.list({ referStatus: 'referred' }))).toHaveLength(1);
});

it('gets, updates, searches and deletes, by id or e-mail', async () => {
  expect(await service.subscribers.get({ id: 's1' })).toMatchObject({ email: 'ada@example.com' });
  expect(await service.subscribers.get({ email: 'ada@example.com' })).toMatchObject({ id: 's1' });
  const changes = { name: 'Ada L.', marketing_consent: false };
  const updated = await service.subscribers.update({ email: 'ada@example.com' }, changes);
  expect(updated).toMatchObject(changes);
  expect(fake.requestsTo('PUT /subscribers')[0]!.body).toEqual({
    email: 'ada@example.com',
    update: changes,
  });
  expect(await service.subscribers.search({ id: 's1' })).toMatchObject([{ name: 'Ada L.' }]);
  expect(await service.subscribers.search({ email: 'x@example.com' })).toEqual([]);
  expect(await service.subscribers.page(1)).toMatchObject({ hasNext: false });
  await service.subscribers.delete({ id: 's1' });
  expect(await failure(service.subscribers.get({ id: 's1' }))).toMatchObject({ kind: 'not_found' });
  expect(await failure(service.subscribers.get({}))).toMatchObject({ kind: 'invalid_input' });
});

it('has a program of its own shape', async () => {
  expect(await service.program.get()).toMatchObject({ total_subscribers: 1, total_referred: 0 });
});

it('attributes nothing, and says so', async () => {
  expect(await service.attribute({ key: 'ann' }, { id: 'user-1' })).toBe('disabled');
});

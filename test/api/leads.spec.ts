import type { PartneroService } from 'nestjs-partnero';
import { all, failure, startApi, stopApis } from '../support/api.js';
import type { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let fake: FullFakePartnero;
let service: PartneroService;

beforeEach(async () => {
  ({ fake, service } = await startApi());
});

afterEach(stopApis);

afterAll(removeTemporaryFolders);

it('creates, lists, shows and deletes', async () => {
  const lead = {
    name: 'Cy',
    email: 'cy@example.com',
    partner: { key: 'ann' },
    cfields: { f1: 'ACME', f2: ['a', 'b'] },
  };
  expect(await service.leads.create(lead)).toMatchObject({
    id: 1,
    status: 'submitted',
    lead_info: { name: 'Cy' },
  });
  expect(fake.requestsTo('POST /leads')[0]!.body).toEqual(lead);
  await service.leads.create({ ...lead, name: 'Di' });
  const names = (await all(service.leads.list({ sort: 'desc' }))).map(
    (each) => each.lead_info?.name,
  );
  expect(names).toEqual(['Di', 'Cy']);
  expect(await service.leads.page(1, { limit: 1 })).toMatchObject({ hasNext: true });
  expect(await service.leads.get(1)).toMatchObject({ submitter: { name: 'ann' } });
  await service.leads.delete(1);
  expect(await failure(service.leads.get(1))).toMatchObject({ kind: 'not_found' });
  const unknown = service.leads.create({ ...lead, partner: { key: 'x' } });
  expect(await failure(unknown)).toMatchObject({ kind: 'bad_request' });
});

it('converts once, and rejects', async () => {
  const lead = { name: 'Cy', email: 'cy@example.com', partner: { key: 'ann' } };
  await service.leads.create(lead);
  await service.leads.create(lead);
  await service.leads.convert(1, { commission_transaction_amount: '120.00' });
  expect(fake.leads[0]).toMatchObject({ status: 'converted', amount: 120 });
  const again = service.leads.convert(1, { commission_transaction_amount: '120.00' });
  expect(await failure(again)).toMatchObject({ kind: 'bad_request' });
  const number = service.leads.convert(2, { commission_transaction_amount: 120 as never });
  expect(await failure(number)).toMatchObject({ kind: 'invalid_input' });
  await service.leads.reject(2);
  expect(await service.leads.get(2)).toMatchObject({ status: 'rejected', can_be_converted: false });
});

it('tells how leads are set up', async () => {
  expect(await service.leads.settings()).toMatchObject({
    leads_enabled: 'true',
    leads_commission: { commission: '12.125' },
    leads_custom_form_fields: [{ id: 'f1' }],
  });
});

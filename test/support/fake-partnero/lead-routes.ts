import type { FakePartner } from 'nestjs-partnero/testing';
import * as fake from '#lib/testing/fake-route.js';
import type { FakeCall, FakeResponse, FakeRoutes, Fields } from '#lib/testing/fake-route.js';
import { remove, type FakeStore } from '#lib/testing/fake-store.js';
import type { FakeApiVariants } from './api-variants.js';

export interface FakeLead {
  readonly id: number;
  status: 'submitted' | 'converted' | 'rejected';
  readonly name: string;
  readonly email: string;
  readonly partner: FakePartner;
  readonly answers: Fields;
  /** With what it was converted. */
  amount: number | null;
  readonly createdAt: Date;
}

const DETAILS = {
  leads_enabled: 'true',
  program_leads_commission_type: 'percentage',
  leads_commission: { currency: 'USD', commission: 12.125, commission_type: 'percentage' },
  leads_custom_form_fields: [
    { id: 'f1', type: 'text', title: 'Company', required: false, options: [] },
  ],
};

/** `/leads` of an affiliate program. */
export function leadRoutes(
  leads: FakeLead[],
  store: FakeStore,
  apiVariants: FakeApiVariants,
): FakeRoutes {
  const leadOf = (id: unknown) =>
    leads.find((each) => String(each.id) === String(id)) ?? fake.refuse(404, 'Lead not found.');
  const decide = (method: 'GET' | 'POST', fields: Fields, isConverted: boolean): FakeResponse => {
    const { leadMethod } = apiVariants;
    if (method !== leadMethod && leadMethod !== 'both') fake.refuse(405, 'Method not supported.');
    const lead = leadOf(fields['id']);
    if (lead.status !== 'submitted') fake.refuse(400, `The lead is ${lead.status}.`);
    if (!isConverted) return fake.success(show(Object.assign(lead, { status: 'rejected' })));
    const amount = fields['commission_transaction_amount'];
    fake.validate({ commission_transaction_amount: typeof amount === 'number' });
    Object.assign(lead, { status: 'converted', amount });
    const { name, email, partner } = lead;
    store.addCustomer({ key: `lead-${lead.id}`, name, email, partner });
    return fake.success(show(lead));
  };
  return {
    'GET /leads': (call) => fake.pageOf(leads, call, show),
    'POST /leads': ({ body: { name, email, partner: reference, cfields } }) => {
      fake.validate({
        name: fake.stringOf(name) !== undefined,
        email: typeof email === 'string' && email.includes('@'),
        partner: fake.isReference(reference),
      });
      const partner = store.findPartner(reference as Fields);
      const lead: FakeLead = {
        id: leads.length + 1,
        status: 'submitted',
        name: String(name),
        email: String(email),
        partner: partner ?? fake.refuse(400, 'The partner could not be found.'),
        answers: fake.isFields(cfields) ? cfields : {},
        amount: null,
        createdAt: new Date(),
      };
      leads.push(lead);
      return fake.success(show(lead), 201);
    },
    'GET /leads/:id': ({ params }: FakeCall) => fake.success(show(leadOf(params['id']))),
    'DELETE /leads/:id': ({ params }) => {
      remove(leads, leadOf(params['id']));
      return fake.success();
    },
    'GET /leads/details': () => fake.success(DETAILS),
    'POST /leads/convert': ({ body }) => decide('POST', body, true),
    'GET /leads/convert': ({ query }) => decide('GET', numbersIn(query), true),
    'POST /leads/reject': ({ body }) => decide('POST', body, false),
    'GET /leads/reject': ({ query }) => decide('GET', numbersIn(query), false),
  };
}

function numbersIn(query: FakeCall['query']): Fields {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, Number(value)]));
}

function show({ id, status, name, email, partner, answers, createdAt }: FakeLead): Fields {
  return {
    id,
    status,
    created_at: createdAt.toISOString().slice(0, 10),
    lead_info: { name, email },
    converted_to: status === 'converted' ? { key: `lead-${id}`, name, email } : null,
    submitter: { id: partner.id, name: partner.name, email: partner.email },
    submission_form: Object.entries(answers).map(([question, answer]) => ({ question, answer })),
    can_be_converted: status === 'submitted',
    can_be_rejected: status === 'submitted',
  };
}

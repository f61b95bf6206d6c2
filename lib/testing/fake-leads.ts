import type { FakeAnswer } from './fake-answer.js';
import type { FakeLead } from './fake-entities.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource } from './fake-resource.js';
import {
  day,
  isEmail,
  isFields,
  isReference,
  isText,
  required,
  type Fields,
  type Problems,
} from './fake-values.js';

/** `/leads`; affiliate programs. */
export class FakeLeads extends FakeResource {
  handle(call: FakeCall): FakeAnswer | undefined {
    const { method, segments, body } = call;
    const [resource, id, more] = segments;
    if (this.type !== 'affiliate' || resource !== 'leads' || more !== undefined) return undefined;
    if (id === undefined) {
      if (method === 'POST') return this.create(body);
      return method === 'GET' ? this.listed(call) : undefined;
    }
    if (id === 'details') return method === 'GET' ? this.ok(DETAILS) : undefined;
    if (id === 'convert' || id === 'reject') return this.decide(call, id);
    const lead = this.store.leads.find((each) => String(each.id) === id);
    if (method === 'GET') return lead ? this.ok(this.show(lead)) : this.notFound('Lead');
    return method === 'DELETE' ? this.remove(lead) : undefined;
  }

  private create(body: Fields): FakeAnswer {
    const { name, email, partner, cfields } = body;
    const errors: Problems = {};
    if (!isText(name)) errors['name'] = required('name');
    if (!isEmail(email)) errors['email'] = required('email');
    if (!isReference(partner)) errors['partner'] = required('partner');
    if (!isText(name) || !isText(email) || !isReference(partner)) return this.invalid(errors);
    const found = this.store.partnerBy(partner);
    if (!found) return this.unknown('partner');
    const lead: FakeLead = {
      id: this.store.leads.length + 1,
      status: 'submitted',
      name,
      email,
      partner: found,
      answers: isFields(cfields) ? cfields : {},
      amount: null,
      createdAt: new Date(),
    };
    this.store.leads.push(lead);
    return this.created(this.show(lead));
  }

  private decide({ method, body, query }: FakeCall, action: 'convert' | 'reject'): FakeAnswer {
    const { leadMethod } = this.apiVariants;
    if (method !== leadMethod && leadMethod !== 'both') return this.notAllowed();
    const fields = method === 'GET' ? numbersIn(query) : body;
    const amount = fields['commission_transaction_amount'];
    const lead = this.store.leads.find(({ id }) => id === fields['id']);
    if (!lead) return this.notFound('Lead');
    if (lead.status !== 'submitted') return this.refused(400, `The lead is ${lead.status}.`);
    if (action === 'reject') {
      lead.status = 'rejected';
      return this.ok(this.show(lead));
    }
    if (typeof amount !== 'number') {
      return this.invalid({ commission_transaction_amount: required('amount') });
    }
    Object.assign(lead, { status: 'converted', amount });
    const { name, email, partner } = lead;
    this.store.addCustomer({ key: `lead-${lead.id}`, name, email, partner });
    return this.ok(this.show(lead));
  }

  private remove(lead: FakeLead | undefined): FakeAnswer {
    if (!lead) return this.notFound('Lead');
    this.store.leads.splice(this.store.leads.indexOf(lead), 1);
    return this.ok();
  }

  private listed(call: FakeCall): FakeAnswer {
    const rows = call.query['sort'] === 'desc' ? this.store.leads.toReversed() : this.store.leads;
    return this.list(rows, call, (row) => this.show(row));
  }

  private show({ id, status, name, email, partner, answers, createdAt }: FakeLead): Fields {
    const isConverted = status === 'converted';
    return {
      id,
      status,
      created_at: day(createdAt),
      lead_info: { name, email },
      converted_to: isConverted ? { key: `lead-${id}`, name, email } : null,
      submitter: { id: partner.id, name: partner.name, email: partner.email },
      submission_form: Object.entries(answers).map(([question, answer]) => ({ question, answer })),
      can_be_converted: status === 'submitted',
      can_be_rejected: status === 'submitted',
    };
  }
}

const DETAILS = {
  leads_enabled: 'true',
  program_leads_commission_type: 'percentage',
  leads_commission: { currency: 'USD', commission: 12.125, commission_type: 'percentage' },
  leads_custom_form_fields: [
    { id: 'f1', type: 'text', title: 'Company', required: false, options: [] },
  ],
};

function numbersIn(query: Readonly<Record<string, string>>): Fields {
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, Number(value)]));
}

import { refusal, success, type FakeAnswer } from './fake-answer.js';
import type { FakeCall } from './fake-request.js';
import type { FakeReadings } from './fake-readings.js';
import type { FakeCustomer, FakeStore } from './fake-store.js';
import { paginate } from './fake-pages.js';

type Program = 'affiliate' | 'refer-a-friend';
type Fields = Record<string, unknown>;

/** `/customers`, in the shape of the program's type. */
export class FakeCustomers {
  constructor(
    private readonly program: Program,
    private readonly store: FakeStore,
    private readonly readings: FakeReadings,
  ) {}

  /** `undefined`: no such route. */
  handle(call: FakeCall): FakeAnswer | undefined {
    const { method, segments } = call;
    const [, key, action] = segments;
    if (segments[0] === 'customers:search') return method === 'GET' ? this.search(call) : undefined;
    if (key === undefined) return this.collection(call);
    const customer = this.find(key);
    if (action === undefined) return this.single(call, customer);
    if (method !== 'POST' || this.program !== 'affiliate') return undefined;
    if (action === 'archive') return this.setArchived(customer, true);
    return action === 'revoke-archive' ? this.setArchived(customer, false) : undefined;
  }

  private collection(call: FakeCall): FakeAnswer | undefined {
    switch (call.method) {
      case 'GET':
        return this.list(call);
      case 'POST':
        return this.program === 'affiliate'
          ? this.createAffiliate(call.body)
          : this.createReferred(call.body);
      default:
        return undefined;
    }
  }

  private single(call: FakeCall, customer: FakeCustomer | undefined): FakeAnswer | undefined {
    if (!['GET', 'PUT', 'DELETE'].includes(call.method)) return undefined;
    if (!customer) return this.notFound();
    if (call.method === 'PUT') return this.update(customer, call.body);
    if (call.method === 'GET') return success(this.readings, this.show(customer));
    this.store.removeCustomer(customer);
    return success(this.readings, undefined);
  }

  private createAffiliate(body: Fields): FakeAnswer {
    const { key, email, partner } = body;
    const errors: Record<string, string[]> = {};
    if (!isText(key)) errors['key'] = ['The key field is required.'];
    if (!isReference(partner)) errors['partner'] = ['The partner field is required.'];
    this.checkFields(body, errors);
    if (isText(key) && this.byOwnId(key)) return this.duplicate('key');
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    const found = this.store.partnerBy(partner as Fields);
    if (!found) return this.unknownPartner();
    if (this.isTakenEmail(email)) return this.duplicate('email');
    const customer = this.store.addCustomer({
      ...fieldsOf(body),
      key: key as string,
      partner: found,
    });
    return success(this.readings, this.show(customer), this.readings.createStatus);
  }

  private createReferred(body: Fields): FakeAnswer {
    const { id, key, email, referring_customer: reference } = body;
    const errors: Record<string, string[]> = {};
    this.checkFields(body, errors);
    if (isText(id) && this.byOwnId(id)) return this.duplicate('id');
    if (isText(key) && this.store.customers.some((other) => other.key === key)) {
      return this.duplicate('key');
    }
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    const referrer = isReference(reference) ? this.referrerBy(reference) : null;
    if (referrer === undefined) return this.unknownPartner();
    if (this.isTakenEmail(email)) return this.duplicate('email');
    const customer = this.store.addCustomer({
      ...fieldsOf(body),
      ...(isText(id) ? { id } : {}),
      ...(isText(key) ? { key } : {}),
      referrer,
    });
    return success(this.readings, this.show(customer), this.readings.createStatus);
  }

  private update(customer: FakeCustomer, body: Fields): FakeAnswer {
    const wrapped = body['update'] as Fields | undefined;
    const { updateBody } = this.readings;
    const flat = updateBody === 'flat' || (updateBody === 'either' && !wrapped);
    const changes = flat ? body : wrapped;
    if (!changes) return this.invalid({ update: ['The update field is required.'] });
    const { key } = changes;
    const errors: Record<string, string[]> = {};
    this.checkFields(changes, errors);
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    if (isText(key) && key !== customer.key && this.byOwnId(key)) return this.duplicate('key');
    const fields = fieldsOf(changes);
    Object.assign(customer, fields, { updatedAt: new Date() });
    if (isText(key)) this.store.renameCustomer(customer, key);
    return success(this.readings, this.show(customer));
  }

  private setArchived(customer: FakeCustomer | undefined, archived: boolean): FakeAnswer {
    if (!customer) return this.notFound();
    if (customer.archived === archived) {
      return refusal(
        this.readings,
        400,
        `The customer is ${archived ? 'already' : 'not'} archived.`,
      );
    }
    customer.archived = archived;
    customer.deletedAt = archived ? new Date() : null;
    return success(this.readings, undefined);
  }

  private list({ query }: FakeCall): FakeAnswer {
    // PHP frameworks turn a dot in a query name into an underscore: both reach the server as one.
    const partnerKey = query['partner.key'] ?? query['partner_key'];
    const partnerEmail = query['partner.email'] ?? query['partner_email'];
    const { refer_status: referred, sort } = query;
    const rows = this.store.customers.filter(
      (customer) =>
        (partnerKey === undefined || customer.partner?.key === partnerKey) &&
        (partnerEmail === undefined || customer.partner?.email === partnerEmail) &&
        (referred === undefined || (customer.referrer !== null) === (referred === 'referred')),
    );
    if (sort === 'desc') rows.reverse();
    return paginate(rows, query, this.readings, '/customers', (row) => this.show(row));
  }

  private search({ query }: FakeCall): FakeAnswer {
    const { id, key, email } = query;
    if (this.program === 'affiliate' && id === undefined && email === undefined) {
      return this.invalid({ email: ['The email field is required when id is not present.'] });
    }
    const found = this.store.customers.filter(
      (customer) =>
        (id !== undefined && this.store.ownIdOf(customer) === id) ||
        (email !== undefined && customer.email === email) ||
        (this.program !== 'affiliate' && key !== undefined && customer.key === key),
    );
    return success(
      this.readings,
      found.map((customer) => this.show(customer)),
    );
  }

  private checkFields(body: Fields, errors: Record<string, string[]>): void {
    for (const name of ['email', 'name', 'surname']) {
      const value = body[name];
      if (value !== undefined && value !== null && typeof value !== 'string') {
        errors[name] = [`The ${name} field must be a string.`];
      }
    }
    if (typeof body['email'] === 'string' && !/^[^@\s]+@[^@\s]+$/.test(body['email'])) {
      errors['email'] = ['The email field must be a valid email address.'];
    }
  }

  private find(reference: string): FakeCustomer | undefined {
    const own = this.byOwnId(reference);
    if (own || !this.readings.findsByEmail) return own;
    return this.store.customers.find(({ email }) => email === reference);
  }

  private byOwnId(id: string): FakeCustomer | undefined {
    return this.store.customerByOwnId(id);
  }

  /** `undefined`: named, and not known. The id wins over the key. */
  private referrerBy({ id, key }: Fields): FakeCustomer | undefined {
    if (isText(id)) return this.byOwnId(id);
    return this.store.customers.find((other) => other.key === key);
  }

  private isTakenEmail(email: unknown): boolean {
    if (!this.readings.uniqueEmails || !isText(email)) return false;
    return this.store.customers.some((other) => other.email === email);
  }

  private show(customer: FakeCustomer): Fields {
    const { email, name, surname, tags, partner, referrer, createdAt, updatedAt, deletedAt } =
      customer;
    const common = {
      email,
      name,
      surname,
      status: deletedAt ? 'deleted' : 'active',
      created_at: stamp(createdAt),
      updated_at: stamp(updatedAt),
    };
    if (this.program === 'affiliate') {
      return {
        ...common,
        key: customer.key,
        partner: partner?.[this.readings.partnerField] ?? null,
        deleted: deletedAt !== null,
        deleted_at: deletedAt ? stamp(deletedAt) : null,
        tags: tags.map((value) => ({ value })),
      };
    }
    return {
      ...common,
      id: customer.id,
      approved: true,
      referring_customer: referrer && {
        id: referrer.id,
        key: referrer.key,
        email: referrer.email,
      },
      referral_link: `https://example.com/?ref=${encodeURIComponent(customer.key)}`,
    };
  }

  private duplicate(field: string): FakeAnswer {
    const { duplicateStatus } = this.readings;
    const message = `The ${field} has already been taken.`;
    return refusal(this.readings, duplicateStatus, message, { [field]: [message] });
  }

  private invalid(errors: Record<string, string[]>): FakeAnswer {
    return refusal(this.readings, 422, 'The given data was invalid.', errors);
  }

  private unknownPartner(): FakeAnswer {
    const who = this.program === 'affiliate' ? 'partner' : 'referring_customer';
    const { unknownPartnerStatus: status } = this.readings;
    const message = `The ${who} could not be found.`;
    return refusal(this.readings, status, message, status === 422 ? { [who]: [message] } : {});
  }

  private notFound(): FakeAnswer {
    return refusal(this.readings, 404, 'Customer not found.');
  }
}

function fieldsOf(body: Fields): Partial<FakeCustomer> {
  const { email, name, surname, tags } = body;
  return {
    ...(email === undefined ? {} : { email: email as string | null }),
    ...(name === undefined ? {} : { name: name as string | null }),
    ...(surname === undefined ? {} : { surname: surname as string | null }),
    ...(Array.isArray(tags) ? { tags: tags as string[] } : {}),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isReference(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.values(value).some(isText);
}

/** Microseconds, as Partnero has them. */
function stamp(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

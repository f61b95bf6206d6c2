import type { FakeAnswer } from './fake-answer.js';
import type { FakeCustomer, FakePartner } from './fake-entities.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource, isAnswer } from './fake-resource.js';
import { showCustomer } from './fake-show.js';
import {
  isEmail,
  isTags,
  isReference,
  isText,
  required,
  type Fields,
  type Problems,
} from './fake-values.js';

/** `/customers`, in the shape of the program's type. */
export class FakeCustomers extends FakeResource {
  handle(call: FakeCall): FakeAnswer | undefined {
    const { method, segments } = call;
    const [resource, key, action, more] = segments;
    if (this.type === 'newsletter' || more !== undefined) return undefined;
    if (resource === 'customers:search') return method === 'GET' ? this.search(call) : undefined;
    if (resource !== 'customers') return undefined;
    if (key === undefined) return this.collection(call);
    const customer = this.find(key);
    if (action === undefined) return this.single(call, customer);
    if (method !== 'POST' || this.type !== 'affiliate') return undefined;
    const answer = this.setArchived(customer, 'Customer', action);
    if (answer?.status === 200) customer!.deletedAt = customer!.archived ? new Date() : null;
    return answer;
  }

  /** Creates a customer; also for a sale that brings its own. */
  create(body: Fields): FakeAnswer {
    return this.type === 'affiliate' ? this.createAffiliate(body) : this.createReferred(body);
  }

  /** By what `/customers/{x}` finds. */
  find(reference: string): FakeCustomer | undefined {
    const own = this.store.customerByOwnId(reference);
    if (own || !this.apiVariants.findsByEmail) return own;
    return this.store.customers.find(({ email }) => email === reference);
  }

  private collection(call: FakeCall): FakeAnswer | undefined {
    switch (call.method) {
      case 'GET':
        return this.listed(call);
      case 'POST':
        return this.create(call.body);
      case 'PUT':
        return this.updateByBody(call.body);
      default:
        return undefined;
    }
  }

  private single(call: FakeCall, customer: FakeCustomer | undefined): FakeAnswer | undefined {
    if (!['GET', 'PUT', 'DELETE'].includes(call.method)) return undefined;
    const isElsewhere = this.apiVariants.updateCustomerAt === 'body' && this.type !== 'affiliate';
    if (call.method === 'PUT' && isElsewhere) return this.notAllowed();
    if (!customer) return this.notFound('Customer');
    if (call.method === 'PUT') return this.update(customer, call.body);
    if (call.method === 'GET') return this.ok(this.show(customer));
    this.store.removeCustomer(customer);
    return this.ok();
  }

  private createAffiliate(body: Fields): FakeAnswer {
    const { key, email, partner } = body;
    const errors: Problems = {};
    if (!isText(key)) errors['key'] = required('key');
    if (!isReference(partner)) errors['partner'] = required('partner');
    this.checkFields(body, errors);
    if (isText(key) && this.store.customerByOwnId(key)) return this.duplicate('key');
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    const found = this.store.partnerBy(partner as Fields);
    if (!found) return this.unknown('partner');
    if (this.isTakenEmail(email)) return this.duplicate('email');
    return this.add({ ...fieldsOf(body), key: key as string, partner: found });
  }

  private createReferred(body: Fields): FakeAnswer {
    const { id, key, email, referring_customer: reference } = body;
    const errors: Problems = {};
    this.checkFields(body, errors);
    if (this.apiVariants.emailRequired && !isText(email)) errors['email'] = required('email');
    if (isText(id) && this.store.customerByOwnId(id)) return this.duplicate('id');
    if (isText(key) && this.store.customers.some((other) => other.key === key)) {
      return this.duplicate('key');
    }
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    const referrer = isReference(reference) ? this.referrerBy(reference) : null;
    if (referrer === undefined) return this.unknown('referring_customer');
    if (this.isTakenEmail(email)) return this.duplicate('email');
    return this.add({
      ...fieldsOf(body),
      ...(isText(id) ? { id } : {}),
      ...(isText(key) ? { key } : {}),
      referrer,
    });
  }

  private add(fields: Partial<FakeCustomer>): FakeAnswer {
    return this.created(this.show(this.store.addCustomer(fields)));
  }

  private updateByBody(body: Fields): FakeAnswer {
    const isElsewhere = this.apiVariants.updateCustomerAt === 'path' && this.type !== 'affiliate';
    if (isElsewhere) return this.notAllowed();
    const own = this.type === 'affiliate' ? body['key'] : body['id'];
    const customer = isText(own) ? this.store.customerByOwnId(own) : undefined;
    return customer ? this.update(customer, body) : this.notFound('Customer');
  }

  private update(customer: FakeCustomer, body: Fields): FakeAnswer {
    const changes = this.changesIn(body);
    if (isAnswer(changes)) return changes;
    const { key } = changes;
    const errors: Problems = {};
    this.checkFields(changes, errors);
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    const isNew = this.type === 'affiliate' && isText(key) && key !== customer.key;
    if (isNew && this.store.customerByOwnId(key)) return this.duplicate('key');
    Object.assign(customer, fieldsOf(changes), { updatedAt: new Date() });
    if (isNew) this.store.renameCustomer(customer, key);
    return this.ok(this.show(customer));
  }

  private listed(call: FakeCall): FakeAnswer {
    const { refer_status: referred, sort } = call.query;
    const key = this.filter(call, 'key');
    const email = this.filter(call, 'email');
    const rows = this.store.customers.filter(
      ({ partner, referrer }) =>
        (key === undefined || partner?.key === key) &&
        (email === undefined || partner?.email === email) &&
        (referred === undefined || (referrer !== null) === (referred === 'referred')),
    );
    if (sort === 'desc') rows.reverse();
    return this.list(rows, call, (row) => this.show(row));
  }

  /** PHP frameworks turn a dot in a query name into an underscore: both may reach the server as one. */
  private filter({ query }: FakeCall, field: keyof FakePartner): string | undefined {
    const { partnerFilter } = this.apiVariants;
    return (
      (partnerFilter === 'underscored' ? undefined : query[`partner.${field}`]) ??
      (partnerFilter === 'dotted' ? undefined : query[`partner_${field}`])
    );
  }

  private search({ query }: FakeCall): FakeAnswer {
    const { id, key, email } = query;
    if (this.type === 'affiliate' && id === undefined && email === undefined) {
      return this.invalid({ email: ['The email field is required when id is not present.'] });
    }
    const found = this.store.customers.filter(
      (customer) =>
        (id !== undefined && this.store.ownIdOf(customer) === id) ||
        (email !== undefined && customer.email === email) ||
        (this.type !== 'affiliate' && key !== undefined && customer.key === key),
    );
    return this.ok(found.map((customer) => this.show(customer)));
  }

  private checkFields(body: Fields, errors: Problems): void {
    for (const name of ['email', 'name', 'surname']) {
      const value = body[name];
      if (value !== undefined && value !== null && typeof value !== 'string') {
        errors[name] = [`The ${name} field must be a string.`];
      }
    }
    if (typeof body['email'] === 'string' && !isEmail(body['email'])) {
      errors['email'] = ['The email field must be a valid email address.'];
    }
    if (!isTags(body['tags'])) errors['tags'] = ['The tags field must be an array of strings.'];
    for (const name of ['key', 'id']) this.checkLength(name, body[name], errors);
  }

  /** `undefined`: named, and not known. The id wins over the key. */
  private referrerBy({ id, key }: Fields): FakeCustomer | undefined {
    if (isText(id)) return this.store.customerByOwnId(id);
    return this.store.customers.find((other) => other.key === key);
  }

  private isTakenEmail(email: unknown): boolean {
    if (!this.apiVariants.uniqueEmails || !isText(email)) return false;
    return this.store.customers.some((other) => other.email === email);
  }

  private show(customer: FakeCustomer): Fields {
    return showCustomer(customer, this.world);
  }

  private duplicate(field: string): FakeAnswer {
    return this.taken(field, this.apiVariants.duplicateStatus);
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

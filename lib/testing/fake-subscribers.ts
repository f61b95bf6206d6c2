import type { FakeAnswer } from './fake-answer.js';
import type { FakeSubscriber } from './fake-entities.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource } from './fake-resource.js';
import { isEmail, isFields, isText, required, stamp, textIn, type Fields } from './fake-values.js';

const FIELDS = ['name', 'tos', 'marketing_consent', 'status', 'approved'];

/** `/subscribers`; newsletter programs. */
export class FakeSubscribers extends FakeResource {
  handle(call: FakeCall): FakeAnswer | undefined {
    const { method, segments, body, query } = call;
    const [resource, reference, more] = segments;
    if (this.type !== 'newsletter' || more !== undefined) return undefined;
    if (resource === 'subscribers:search') {
      return method === 'GET' ? this.search(query) : undefined;
    }
    if (resource !== 'subscribers') return undefined;
    if (reference !== undefined) {
      return method === 'GET' ? this.get(reference) : undefined;
    }
    switch (method) {
      case 'GET':
        return this.listed(call);
      case 'POST':
        return this.create(body);
      case 'PUT':
        return this.update(body);
      case 'DELETE':
        return this.remove(body);
      default:
        return undefined;
    }
  }

  private get(reference: string): FakeAnswer {
    const found = this.store.subscribers.find(
      ({ id, email }) => id === reference || email === reference,
    );
    return found ? this.ok(this.show(found)) : this.notFound('Subscriber');
  }

  private search(query: Fields): FakeAnswer {
    const found = this.named(query);
    return this.ok(found ? [this.show(found)] : []);
  }

  private create(body: Fields): FakeAnswer {
    const { email, referral, status } = body;
    if (!isEmail(email)) return this.invalid({ email: required('email') });
    if (!isKnownStatus(status))
      return this.invalid({ status: ['The selected status is invalid.'] });
    if (this.store.subscribers.some((other) => other.email === email)) return this.taken('email');
    const referrer = isFields(referral) ? this.named(referral) : null;
    if (referrer === undefined) return this.unknown('referral');
    const id = body[this.apiVariants.subscriberId];
    const subscriber: FakeSubscriber = {
      id: isText(id) ? id : null,
      email: email as string,
      referrer,
      fields: fieldsOf(body),
      createdAt: new Date(),
    };
    this.store.subscribers.push(subscriber);
    return this.created(this.show(subscriber));
  }

  private update(body: Fields): FakeAnswer {
    const { update } = body;
    const found = this.named(body);
    if (!found) return this.notFound('Subscriber');
    if (!isFields(update)) return this.invalid({ update: required('update') });
    const { email } = update;
    if (email !== undefined && !isEmail(email)) return this.invalid({ email: ['No e-mail.'] });
    const isTaken = this.store.subscribers.some(
      (other) => other !== found && other.email === email,
    );
    if (isTaken) return this.taken('email');
    if (isText(email)) found.email = email;
    found.fields = { ...found.fields, ...fieldsOf(update) };
    return this.ok(this.show(found));
  }

  private remove(body: Fields): FakeAnswer {
    const found = this.named(body);
    if (!found) return this.notFound('Subscriber');
    this.store.subscribers.splice(this.store.subscribers.indexOf(found), 1);
    return this.ok();
  }

  private listed(call: FakeCall): FakeAnswer {
    const { refer_status: referred } = call.query;
    const rows = this.store.subscribers.filter(
      ({ referrer }) => referred === undefined || (referrer !== null) === (referred === 'referred'),
    );
    return this.list(rows, call, (row) => this.show(row));
  }

  private named(reference: Fields): FakeSubscriber | undefined {
    const id = reference[this.apiVariants.subscriberId];
    const { email } = reference;
    return this.store.subscribers.find(
      (each) => (isText(id) && each.id === id) || (isText(email) && each.email === email),
    );
  }

  private show({ id, email, referrer, fields, createdAt }: FakeSubscriber): Fields {
    const { status = 'active', ...rest } = fields;
    return {
      id,
      email,
      name: null,
      is_referred: referrer !== null,
      approved: true,
      ...rest,
      status: textIn(status).replace(/^./, (first) => first.toUpperCase()),
      referrals_count: this.store.subscribers.filter((each) => each.referrer?.email === email)
        .length,
      reward: [],
      created_at: stamp(createdAt),
    };
  }
}

function isKnownStatus(status: unknown): boolean {
  return status === undefined || ['active', 'rejected', 'suspended'].includes(textIn(status));
}

function fieldsOf(body: Fields): Fields {
  return Object.fromEntries(
    FIELDS.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
  );
}

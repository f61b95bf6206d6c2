import type { FakeAnswer } from './fake-answer.js';
import type { FakePartner } from './fake-entities.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource, isAnswer } from './fake-resource.js';
import { showPartner } from './fake-show.js';
import {
  isAmount,
  isEmail,
  isTags,
  isReference,
  isText,
  required,
  textIn,
  type Fields,
  type Problems,
} from './fake-values.js';

const STRONG = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{8,}$/;

/** `/partners`; affiliate programs. In a path only the id is found, never the key. */
export class FakePartners extends FakeResource {
  handle(call: FakeCall): FakeAnswer | undefined {
    const { method, segments, body } = call;
    const [resource, id, action, more] = segments;
    if (this.type !== 'affiliate' || more !== undefined) return undefined;
    switch (resource) {
      case 'partner':
        return method === 'GET' && id === undefined ? this.byReference(call) : undefined;
      case 'partners:search':
        return method === 'GET' ? this.search(call) : undefined;
      case 'partners:sign-in-url':
        return method === 'POST' ? this.signInUrl(body) : undefined;
      case 'partners':
        break;
      default:
        return undefined;
    }
    if (id === undefined) return this.collection(call);
    const partner = this.store.partners.find((each) => each.id === id);
    if (action === undefined) return this.single(call, partner);
    if (method !== 'POST') return undefined;
    if (action === 'reward') return partner ? this.reward(partner, body) : this.missing();
    return this.setArchived(partner, 'Partner', action);
  }

  private collection(call: FakeCall): FakeAnswer | undefined {
    const { method, body, query } = call;
    switch (method) {
      case 'GET': {
        const rows =
          query['sort'] === 'desc' ? this.store.partners.toReversed() : this.store.partners;
        return this.list(rows, call, (row) => showPartner(row, this.world));
      }
      case 'POST':
        return this.create(body);
      case 'PUT':
      case 'DELETE': {
        const partner = this.store.partnerBy({ key: body['key'], email: body['email'] });
        return this.single(call, partner);
      }
      default:
        return undefined;
    }
  }

  private single(call: FakeCall, partner: FakePartner | undefined): FakeAnswer | undefined {
    if (!['GET', 'PUT', 'DELETE'].includes(call.method)) return undefined;
    if (!partner) return this.missing();
    if (call.method === 'GET') return this.ok(showPartner(partner, this.world, true));
    if (call.method === 'PUT') return this.update(partner, call.body);
    this.store.partners.splice(this.store.partners.indexOf(partner), 1);
    return this.ok();
  }

  private create(body: Fields): FakeAnswer {
    const { email, id, key, password, referring_partner: referrer } = body;
    const errors: Problems = {};
    if (!isEmail(email)) errors['email'] = ['The email field must be a valid email address.'];
    if (this.apiVariants.passwordRequired && !isText(password)) {
      errors['password'] = required('password');
    }
    this.checkFields(body, errors);
    for (const field of ['email', 'id', 'key'] as const) {
      if (this.store.partners.some((other) => other[field] === body[field])) {
        return this.taken(field);
      }
    }
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    if (isReference(referrer) && !this.store.partnerBy(referrer)) {
      return this.unknown('referring_partner');
    }
    const made = isText(key) ? key : `key${this.store.partners.length + 1}`;
    const partner = this.store.addPartner({
      ...fieldsOf(body),
      ...(isText(id) ? { id } : {}),
      key: made,
    });
    return this.created(showPartner(partner, this.world));
  }

  private update(partner: FakePartner, body: Fields): FakeAnswer {
    const changes = this.changesIn(body);
    if (isAnswer(changes)) return changes;
    const errors: Problems = {};
    this.checkFields(changes, errors);
    if (changes['email'] !== undefined && !isEmail(changes['email']))
      errors['email'] = ['Invalid.'];
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    for (const field of ['email', 'key'] as const) {
      const isTaken = (other: FakePartner) => other !== partner && other[field] === changes[field];
      if (this.store.partners.some(isTaken)) return this.taken(field);
    }
    const { key } = changes;
    Object.assign(partner, fieldsOf(changes), isText(key) ? { key } : {});
    return this.ok(showPartner(partner, this.world));
  }

  private byReference({ query }: FakeCall): FakeAnswer {
    const partner = this.store.partnerBy(query);
    return partner ? this.ok(showPartner(partner, this.world, true)) : this.missing();
  }

  private search({ query }: FakeCall): FakeAnswer {
    const { email, key, id, name } = query;
    const rows = this.store.partners.filter(
      (partner) =>
        (email !== undefined && partner.email === email) ||
        (key !== undefined && partner.key.includes(key)) ||
        (id !== undefined && partner.id.includes(id)) ||
        (name !== undefined && partner.name.includes(name)),
    );
    return this.ok(rows.map((row) => showPartner(row, this.world)));
  }

  private reward(to: FakePartner, { amount, note, date }: Fields): FakeAnswer {
    const errors: Problems = {};
    if (!isAmount(amount) || amount < 0.01)
      errors['amount'] = ['The amount must be at least 0.01.'];
    if (date !== undefined && Number.isNaN(Date.parse(textIn(date)))) errors['date'] = ['No date.'];
    if (!isAmount(amount) || Object.keys(errors).length > 0) return this.invalid(errors);
    const text = isText(note) ? note : null;
    this.store.gifts.push({ to, amount, amountUnits: 'USD', isCurrency: true, note: text });
    return this.ok();
  }

  private signInUrl({ key, email, expires_in: seconds = 120 }: Fields): FakeAnswer {
    if (!isText(key) && !isText(email)) return this.invalid({ key: required('key') });
    const fits = Number.isInteger(seconds) && Number(seconds) >= 30 && Number(seconds) <= 900;
    if (!fits) return this.invalid({ expires_in: ['The expires in must be between 30 and 900.'] });
    const partner = this.store.partnerBy({ key, email });
    if (!partner) return this.missing();
    return this.ok({ url: `https://example.com/sign-in/${encodeURIComponent(partner.id)}` });
  }

  private checkFields({ password, key, id, tags }: Fields, errors: Problems): void {
    if (password !== undefined && !STRONG.test(textIn(password))) {
      errors['password'] = ['The password is too weak.'];
    }
    if (!isTags(tags)) errors['tags'] = ['The tags field must be an array of strings.'];
    this.checkLength('key', key, errors);
    this.checkLength('id', id, errors);
  }

  private missing(): FakeAnswer {
    return this.notFound('Partner');
  }
}

function fieldsOf({ email, name, surname, tags }: Fields): Partial<FakePartner> {
  return {
    ...(isText(email) ? { email } : {}),
    ...(isText(name) ? { name } : {}),
    ...(isText(surname) ? { surname } : {}),
    ...(Array.isArray(tags) ? { tags: tags as string[] } : {}),
  };
}

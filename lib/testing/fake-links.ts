import type { FakeAnswer } from './fake-answer.js';
import type { FakeCustomer, FakeLink, FakePartner } from './fake-entities.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource, isAnswer } from './fake-resource.js';
import { isReference, isText, required, type Fields, type Problems } from './fake-values.js';

const FIELDS = [
  'is_additional',
  'direct_tracking',
  'direct_tracking_redirect',
  'direct_tracking_redirect_url',
];
const DOMAINS = [
  { id: null, domain: 'example.com', url: 'https://example.com/?aff=', is_additional: false },
  { id: 7, domain: 'go.example', url: 'https://go.example/?aff=', is_additional: true },
];

/** Referral links: of partners, in a refer-a-friend program of customers. */
export class FakeLinks extends FakeResource {
  handle(call: FakeCall): FakeAnswer | undefined {
    if (this.type === 'newsletter') return undefined;
    const owner = this.type === 'affiliate' ? 'partner' : 'customer';
    const { method, segments } = call;
    const [resource, id, links, more] = segments;
    if (more !== undefined) return undefined;
    if (resource === `${owner}s` && links === 'referral_links' && method === 'GET') {
      return this.ofOwner(call, id ?? '', owner);
    }
    if (links !== undefined) return undefined;
    if (resource === `${owner}_referral_links`) {
      return id === undefined ? this.collection(call, owner) : this.single(call, id);
    }
    if (method !== 'GET') return undefined;
    if (resource === `${owner}_referral_links:search`) return this.search(call);
    const isDomains = owner === 'partner' && resource === 'partner_referral_links:domains';
    return isDomains ? this.list(DOMAINS, call, (row) => row) : undefined;
  }

  private ofOwner(call: FakeCall, id: string, kind: string): FakeAnswer {
    const owner = this.ownerBy({ id }, kind);
    if (!owner) return this.notFound(kind);
    const rows = this.store.links.filter((link) => link.owner === owner);
    return this.list(rows, call, (row) => this.show(row));
  }

  private collection({ method, body }: FakeCall, kind: string): FakeAnswer | undefined {
    if (method !== 'POST') return undefined;
    const { key } = body;
    const reference = body[kind];
    const fields = this.fieldsIn(body);
    const domain = this.spelt(body, 'domain_id');
    const errors: Problems = {};
    if (!isText(key)) errors['key'] = required('key');
    if (!isReference(reference)) errors[kind] = required(kind);
    if (domain !== undefined && fields['is_additional'] === undefined) {
      errors['is_additional'] = required('is_additional');
    }
    this.checkLength('key', key, errors);
    if (!isText(key) || !isReference(reference) || Object.keys(errors).length > 0) {
      return this.invalid(errors);
    }
    if (this.store.links.some(({ id }) => id === key)) return this.taken('key');
    const owner = this.ownerBy(reference, kind);
    if (!owner) return this.unknown(kind);
    const link: FakeLink = { id: key, owner, fields };
    this.store.links.push(link);
    return { ...this.ok(this.show(link), this.apiVariants.transactionStatus) };
  }

  private single({ method, body }: FakeCall, id: string): FakeAnswer | undefined {
    if (!['GET', 'PUT', 'DELETE'].includes(method)) return undefined;
    const link = this.store.links.find((each) => each.id === id);
    if (!link) return this.notFound('Link');
    if (method === 'GET') return this.ok(this.show(link));
    if (method === 'DELETE') {
      this.store.links.splice(this.store.links.indexOf(link), 1);
      return this.ok();
    }
    const changes = this.changesIn(body, this.apiVariants.linkUpdateBody);
    if (isAnswer(changes)) return changes;
    link.fields = { ...link.fields, ...this.fieldsIn(changes) };
    return this.ok(this.show(link));
  }

  private search({ query }: FakeCall): FakeAnswer {
    const owner = query['customer[id]'];
    const found = this.store.links.filter(
      (link) =>
        (link.id === query['id'] || link.id === query['key']) &&
        (owner === undefined || link.owner.id === owner),
    );
    return this.ok(found.map((link) => this.show(link)));
  }

  private ownerBy(reference: Fields, kind: string): FakePartner | FakeCustomer | undefined {
    return kind === 'partner' ? this.store.partnerBy(reference) : this.store.customerBy(reference);
  }

  private fieldsIn(body: Fields): Fields {
    const given = FIELDS.map((field) => [field, this.spelt(body, field)] as const);
    return Object.fromEntries(given.filter(([, value]) => value !== undefined));
  }

  /** A field in the spelling that is understood; any other is ignored. */
  private spelt(body: Fields, field: string): unknown {
    if (this.apiVariants.linkFields === 'snake_case') return body[field];
    return body[field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())];
  }

  private show({ id, fields }: FakeLink): Fields {
    return {
      id,
      key: id,
      url: `https://example.com/?aff=${encodeURIComponent(id)}`,
      default: false,
      is_additional: false,
      direct_tracking: false,
      direct_tracking_redirect: false,
      direct_tracking_redirect_url: null,
      ...fields,
    };
  }
}

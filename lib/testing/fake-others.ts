import type { FakeAnswer } from './fake-answer.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource } from './fake-resource.js';
import { isText, required, textIn, type Fields } from './fake-values.js';

interface Kept extends Fields {
  readonly id: number | string;
}

/**
 * What is known too little of for methods of their own: payout requests, coupons, promotion codes,
 * rewards of newsletter programs.
 */
export class FakeOthers extends FakeResource {
  private readonly kept = new Map<string, Kept[]>();

  handle(call: FakeCall): FakeAnswer | undefined {
    const [resource = '', id, action] = call.segments;
    const isNewsletter = this.type === 'newsletter';
    if (resource === 'rewards') return isNewsletter ? this.rewards(call, id) : undefined;
    if (isNewsletter) return undefined;
    switch (resource) {
      case 'payout_requests:search':
        return this.list(this.all('payout_requests'), call, (row) => row);
      case 'payout_requests':
        return this.payouts(call, id, action);
      case 'coupons':
        return this.coupons(call, id);
      case 'promotion-code':
      case 'promotion-codes':
        return this.promotionCode(call);
      default:
        return undefined;
    }
  }

  private payouts(call: FakeCall, id?: string, action?: string): FakeAnswer | undefined {
    const { method, body } = call;
    if (id === undefined && method === 'POST') {
      if (!isText(body['amount_units'])) {
        return this.invalid({ amount_units: required('amount_units') });
      }
      return this.created(this.keep('payout_requests', { ...body, status: 'requested' }));
    }
    const next = { approve: 'approved', mark_as_paid: 'finished' }[action ?? ''];
    if (method === 'POST' && next) return this.step(id ?? '', next);
    return method === 'GET' && action === undefined
      ? this.look(call, 'payout_requests', id)
      : undefined;
  }

  private step(id: string, next: string): FakeAnswer {
    const found = this.find('payout_requests', id);
    if (!found) return this.notFound('Payout request');
    const isDue = next === 'approved' ? 'requested' : 'approved';
    if (found['status'] !== isDue) return this.refused(400, `It is ${textIn(found['status'])}.`);
    found['status'] = next;
    return this.ok(found);
  }

  private coupons(call: FakeCall, uuid?: string): FakeAnswer | undefined {
    const { method, body } = call;
    if (uuid === undefined && method === 'POST') {
      if (!isText(body['name'])) return this.invalid({ name: required('name') });
      return this.created(this.keep('coupons', body));
    }
    if (method === 'GET') return this.look(call, 'coupons', uuid);
    const found = this.find('coupons', uuid ?? '');
    if (method !== 'PUT' && method !== 'DELETE') return undefined;
    if (!found) return this.notFound('Coupon');
    if (method === 'PUT') return this.ok(Object.assign(found, body));
    this.all('coupons').splice(this.all('coupons').indexOf(found), 1);
    return this.ok();
  }

  private promotionCode({ method, segments, body }: FakeCall): FakeAnswer | undefined {
    if (method !== 'POST' || segments.length > 1) return undefined;
    if (segments[0] !== this.apiVariants.promotionCodesAt) return undefined;
    const field = segments[0] === 'promotion-code' ? 'coupon_uuid' : 'coupon_id';
    if (!isText(body[field])) return this.invalid({ [field]: required(field) });
    return this.created(this.keep('promotion-codes', body));
  }

  private rewards(call: FakeCall, id?: string): FakeAnswer | undefined {
    if (call.method === 'GET') return this.look(call, 'rewards', id);
    if (call.method !== 'POST' || id !== undefined) return undefined;
    if (!isText(call.body['name'])) return this.invalid({ name: required('name') });
    return this.created(this.keep('rewards', call.body));
  }

  private look(call: FakeCall, kind: string, id: string | undefined): FakeAnswer {
    if (id === undefined) return this.list(this.all(kind), call, (row) => row);
    const found = this.find(kind, id);
    return found ? this.ok(found) : this.notFound(kind);
  }

  private keep(kind: string, fields: Fields): Kept {
    const all = this.all(kind);
    const kept: Kept = { ...fields, id: all.length + 1 };
    all.push(kept);
    return kept;
  }

  private find(kind: string, id: string): Kept | undefined {
    return this.all(kind).find((each) => String(each.id) === id);
  }

  private all(kind: string): Kept[] {
    const all = this.kept.get(kind) ?? [];
    this.kept.set(kind, all);
    return all;
  }
}

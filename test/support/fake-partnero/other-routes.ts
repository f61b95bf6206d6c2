import * as fake from '#lib/testing/fake-route.js';
import type { FakeRoutes, Fields } from '#lib/testing/fake-route.js';
import { remove } from '#lib/testing/fake-store.js';
import type { FakeApiVariants } from './api-variants.js';

/** Items of one kind, numbered from 1. */
class Collection {
  private readonly items: Fields[] = [];

  constructor(private readonly name: string) {}

  /** `GET` of all and of one, and `POST`. */
  routes(required: string, more: Fields = {}): FakeRoutes {
    const path = `/${this.name}`;
    return {
      [`GET ${path}`]: (call) => fake.pageOf(this.items, call, (item) => item),
      [`GET ${path}/:id`]: ({ params }) => fake.success(this.find(params['id'])),
      [`POST ${path}`]: ({ body }) => {
        fake.validate({ [required]: fake.stringOf(body[required]) !== undefined });
        const item = { ...body, ...more, id: this.items.length + 1 };
        this.items.push(item);
        return fake.success(item, 201);
      },
    };
  }

  find(id: string | undefined): Fields {
    const found = this.items.find((item) => String(item['id']) === id);
    return found ?? fake.refuse(404, `${this.name} not found.`);
  }

  change(id: string | undefined, changes: Fields): Fields {
    return Object.assign(this.find(id), changes);
  }

  remove(id: string | undefined): void {
    remove(this.items, this.find(id));
  }
}

/** Payout requests, coupons, promotion codes: too little is known of them for methods of their own. */
export function otherRoutes({ promotionCodesAt }: FakeApiVariants): FakeRoutes {
  const payouts = new Collection('payout_requests');
  const payoutRoutes = payouts.routes('amount_units', { status: 'requested' });
  const coupons = new Collection('coupons');
  const couponField = promotionCodesAt === 'promotion-code' ? 'coupon_uuid' : 'coupon_id';
  const step = (id: string | undefined, from: string, to: string) => {
    const { status } = payouts.find(id);
    if (status !== from) fake.refuse(400, `It is ${String(status)}.`);
    return fake.success(payouts.change(id, { status: to }));
  };
  return {
    ...payoutRoutes,
    'GET /payout_requests:search': (call) => payoutRoutes['GET /payout_requests']!(call),
    'POST /payout_requests/:id/approve': ({ params }) =>
      step(params['id'], 'requested', 'approved'),
    'POST /payout_requests/:id/mark_as_paid': ({ params }) =>
      step(params['id'], 'approved', 'finished'),
    ...coupons.routes('name'),
    'PUT /coupons/:id': ({ params, body }) => fake.success(coupons.change(params['id'], body)),
    'DELETE /coupons/:id': ({ params }) => {
      coupons.remove(params['id']);
      return fake.success();
    },
    ...new Collection(promotionCodesAt).routes(couponField),
  };
}

/** Rewards of a newsletter program. */
export function newsletterRewardRoutes(): FakeRoutes {
  return new Collection('rewards').routes('name');
}

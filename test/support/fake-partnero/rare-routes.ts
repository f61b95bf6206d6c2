import type {
  FakeCustomer,
  FakePartner,
  FakeRoute,
  FakeTransaction,
} from 'nestjs-partnero/testing';
import * as fake from '#lib/testing/fake-route.js';
import type { FakeCall, FakeResponse, FakeRoutes, Fields } from '#lib/testing/fake-route.js';
import { customerOf, showCustomer, showPartner } from '#lib/testing/fake-people.js';
import { remove, type FakeStore } from '#lib/testing/fake-store.js';
import type { FakeApiVariants } from './api-variants.js';

/** A bonus of a partner, or a credit of a customer. */
export interface FakeGift {
  readonly to: FakePartner | FakeCustomer;
  readonly amount: number;
  readonly amountUnits: string;
  readonly isCurrency: boolean;
  readonly note: string | null;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

/** Archives or restores something; refused if it already is. */
function archiveRoutes<T>(
  path: string,
  find: (call: FakeCall) => T,
  isArchived: (thing: T) => boolean,
  setArchived: (thing: T, isArchived: boolean) => void,
): FakeRoutes {
  const routeTo =
    (archived: boolean): FakeRoute =>
    (call) => {
      const thing = find(call);
      if (isArchived(thing) === archived) {
        fake.refuse(400, `It is ${archived ? 'already' : 'not'} archived.`);
      }
      setArchived(thing, archived);
      return fake.success();
    };
  return {
    [`POST ${path}/archive`]: routeTo(true),
    [`POST ${path}/revoke-archive`]: routeTo(false),
  };
}

/** What else `/partners` has. */
export function rarePartnerRoutes(store: FakeStore, gifts: FakeGift[]): FakeRoutes {
  const partnerOf = (reference: Fields) =>
    store.findPartner(reference) ?? fake.refuse(404, 'Partner not found.');
  const byId = ({ params }: FakeCall) => partnerOf({ id: params['id'] });
  const withStats = (partner: FakePartner) =>
    fake.success({ ...showPartner(partner, store), ...statsOf(partner, store) });
  return {
    'GET /partner': ({ query }) => withStats(partnerOf(query)),
    'GET /partners/:id': (call) => withStats(byId(call)),
    'DELETE /partners': ({ body: { key, email } }) => {
      remove(store.partners, partnerOf({ key, email }));
      return fake.success();
    },
    'GET /partners:search': ({ query: { email, key, id, name } }) => {
      const rows = store.partners.filter(
        (partner) =>
          (email !== undefined && partner.email === email) ||
          (key !== undefined && partner.key.includes(key)) ||
          (id !== undefined && partner.id.includes(id)) ||
          (name !== undefined && partner.name?.includes(name)),
      );
      return fake.success(rows.map((row) => showPartner(row, store)));
    },
    ...archiveRoutes(
      '/partners/:id',
      byId,
      ({ status }) => status === 'archived',
      (partner, isArchived) => (partner.status = isArchived ? 'archived' : 'active'),
    ),
    'POST /partners/:id/reward': (call) => {
      const to = byId(call);
      const { amount, note, date } = call.body;
      fake.validate({
        amount: isAmount(amount) && amount >= 0.01,
        date: fake.optional(date, (value) => !Number.isNaN(Date.parse(String(value)))),
      });
      const money = { amount: Number(amount), amountUnits: 'USD', isCurrency: true };
      gifts.push({ to, ...money, note: fake.stringOf(note) ?? null });
      return fake.success();
    },
    'POST /partners:sign-in-url': ({ body: { key, email, expires_in: seconds = 120 } }) => {
      fake.validate({
        key: Boolean(fake.stringOf(key) ?? fake.stringOf(email)),
        expires_in: Number.isInteger(seconds) && Number(seconds) >= 30 && Number(seconds) <= 900,
      });
      const { id } = partnerOf({ key, email });
      return fake.success({ url: `https://example.com/sign-in/${encodeURIComponent(id)}` });
    },
  };
}

function statsOf(partner: FakePartner, { customers, transactions }: FakeStore): Fields {
  const signups = customers.filter((customer) => customer.partner === partner).length;
  const sales = transactions.filter(({ customer }) => customer?.partner === partner);
  const total = (of: 'amount' | 'reward') => {
    const amount = sales.reduce((sum, sale) => sum + (sale[of] ?? 0), 0);
    return [{ currency: 'USD', amount: Number(amount.toFixed(4)) }];
  };
  const counts = { clicks: 0, signups, sales_count: sales.length, paid_accounts: 0 };
  return {
    custom_field_values: [],
    referrals: { ...counts, revenue: total('amount') },
    commissions: { paid: 0, pending: total('reward'), not_paid: [] },
  };
}

/** What else `/customers` and `/transactions` of an affiliate program have. */
export function rareAffiliateRoutes(
  store: FakeStore,
  transactionOf: (key: string) => FakeTransaction,
): FakeRoutes {
  const isDeleted = ({ deletedAt }: FakeCustomer | FakeTransaction) => deletedAt !== null;
  const setDeleted = (thing: FakeCustomer | FakeTransaction, deleted: boolean) =>
    (thing.deletedAt = deleted ? new Date() : null);
  const customer = (call: FakeCall) => customerOf(call, store);
  const transaction = ({ params }: FakeCall) => transactionOf(params['key'] ?? '');
  return {
    ...archiveRoutes('/customers/:key', customer, isDeleted, setDeleted),
    ...archiveRoutes('/transactions/:key', transaction, isDeleted, setDeleted),
  };
}

/** What else `/customers` of a refer-a-friend program has. */
export function referAFriendRoutes(
  store: FakeStore,
  gifts: FakeGift[],
  invited: string[],
): FakeRoutes {
  const referredBy = (referrer: FakeCustomer) =>
    store.customers.filter((customer) => customer.referrer === referrer);
  const balanceOf = (customer: FakeCustomer) => {
    const rewards = store.transactions
      .filter((sale) => sale.customer?.referrer === customer && sale.reward > 0)
      .map(({ reward, amountUnits }) => ({ amount: reward, amountUnits, isCurrency: true }));
    const credits = gifts.filter(({ to }) => to === customer);
    const currency = [...rewards, ...credits]
      .filter(({ isCurrency }) => isCurrency)
      .map(({ amount, amountUnits }) => ({
        amount,
        amount_units: amountUnits,
        is_currency: true,
      }));
    return { customer: showCustomer(customer, store), balance: { currency } };
  };
  return {
    'GET /customers/:key/referrals': (call) =>
      fake.pageOf(referredBy(customerOf(call, store)), call, (row) => showCustomer(row, store)),
    'GET /customers/:key/stats': (call) =>
      fake.success({ referrals: referredBy(customerOf(call, store)).length }),
    'GET /customers/:key/balance': (call) => fake.success(balanceOf(customerOf(call, store))),
    'POST /customers/:key/balance/credit': (call) => {
      const to = customerOf(call, store);
      const { amount, amount_units: units, is_currency: isCurrency } = call.body;
      fake.validate({
        amount: isAmount(amount),
        amount_units: fake.stringOf(units) !== undefined,
        is_currency: typeof isCurrency === 'boolean',
      });
      const money = { amount: Number(amount), amountUnits: String(units) };
      gifts.push({ to, ...money, isCurrency: isCurrency === true, note: null });
      return fake.success(balanceOf(to));
    },
    'POST /customers:invite': ({ body: { email, personalization } }) => {
      fake.validate({
        email: typeof email === 'string' && email.includes('@'),
        personalization: personalization === undefined || typeof personalization === 'object',
      });
      invited.push(String(email));
      return fake.success();
    },
  };
}

const TYPES = {
  affiliate: { snake_case: 'affiliate', capitalised: 'Affiliate' },
  'refer-a-friend': { snake_case: 'refer_a_friend', capitalised: 'Referral' },
  newsletter: { snake_case: 'newsletter', capitalised: 'Newsletter' },
};

/** `/test`, `/program` and `/settings`. There is no way to delete the program. */
export function programRoutes(
  type: keyof typeof TYPES,
  publicId: string,
  apiVariants: FakeApiVariants,
  store: FakeStore,
  subscribers: readonly { readonly referrer: unknown }[],
): FakeRoutes {
  let named: Fields = { name: 'Fake program', website: 'https://example.com' };
  const show = (): FakeResponse => {
    if (type === 'newsletter') {
      const { length: total_referred } = subscribers.filter(({ referrer }) => referrer !== null);
      const totals = { total_subscribers: subscribers.length, total_referred };
      const esp = { esp_type: null, esp_type_name: null };
      return fake.success({ id: 1, name: named['name'], ...esp, ...totals });
    }
    const program = { id: 1, public_id: publicId, type: TYPES[type].capitalised, ...named };
    const { customers, transactions } = store;
    const stats = {
      customers: String(customers.length),
      transactions: String(transactions.length),
    };
    if (type === 'refer-a-friend' && apiVariants.referAFriendProgram === 'totals') {
      return fake.success({ program, ...stats });
    }
    const program_settings = { currency: 'USD', cookie_lifetime: '30' };
    return fake.success({ program, stats, program_settings, portal_settings: {} });
  };
  return {
    'GET /test': () => {
      const program = { type: TYPES[type][apiVariants.typeNames] };
      const { tellsPublicId } = apiVariants;
      return fake.success({
        program: tellsPublicId ? { ...program, pub_id: publicId } : program,
      });
    },
    'GET /program': show,
    'GET /program/overview': show,
    'PUT /program': ({ body: { name, website } }) => {
      fake.validate({
        website: fake.optional(website, (value) => URL.canParse(String(value))),
        name: fake.optional(name, (value) => typeof value === 'string' && value.length <= 255),
      });
      named = {
        ...named,
        ...(name === undefined ? {} : { name }),
        ...(website === undefined ? {} : { website }),
      };
      return fake.success();
    },
    'PUT /settings': () => fake.success(),
  };
}

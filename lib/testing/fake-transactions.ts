import type { FakeCustomer, FakeTransaction } from './fake-entities.js';
import { createCustomer, customerOf } from './fake-people.js';
import * as fake from './fake-route.js';
import type { FakeCall, FakeResponse, FakeRoutes, Fields } from './fake-route.js';
import { type FakeStore, remove } from './fake-store.js';

const COMMISSION_RATE = 0.3;

/** `/transactions`. A key that exists is recorded once more, so that a test notices a double. */
export function transactionRoutes(store: FakeStore): FakeRoutes {
  const { transactions } = store;
  const show = (transaction: FakeTransaction) => showTransaction(transaction, store);
  const transactionWith = (key: unknown) =>
    transactions.find((each) => each.key === key) ?? fake.refuse(404, 'Transaction not found.');
  const deleteWith = (key: unknown) => {
    remove(transactions, transactionWith(key));
    return fake.success();
  };
  return {
    'GET /transactions': (call) => fake.pageOf(listed(call, store), call, show),
    'POST /transactions': ({ body }) => record(body, store),
    'DELETE /transactions': ({ body }) => deleteWith(body['key']),
    'GET /transactions/:key': ({ params }) => fake.success(show(transactionWith(params['key']))),
    'DELETE /transactions/:key': ({ params }) => deleteWith(params['key']),
    'GET /customers/:key/transactions': (call) => {
      const buyer = customerOf(call, store);
      return fake.pageOf(
        transactions.filter(({ customer }) => customer === buyer),
        call,
        show,
      );
    },
  };
}

function listed({ query }: FakeCall, { transactions }: FakeStore): FakeTransaction[] {
  const { key, 'partner.key': partner, 'partner.email': email, 'customer.key': customer } = query;
  return transactions.filter(
    (row) =>
      (key === undefined || row.key === key) &&
      (partner === undefined || row.customer?.partner?.key === partner) &&
      (email === undefined || row.customer?.partner?.email === email) &&
      (customer === undefined || row.customer?.key === customer),
  );
}

function record(body: Fields, store: FakeStore): FakeResponse {
  const { customer, amount, reward, created_at: at } = body;
  const mayLackAmount = store.type === 'affiliate' && reward !== undefined;
  fake.validate({
    customer: fake.isReference(customer),
    amount: isAmount(amount) || (amount === undefined && mayLackAmount),
    reward: fake.optional(reward, isAmount),
    created_at: fake.optional(at, Number.isInteger),
  });
  const transaction = transactionOf(body, buyerOf(body, store));
  store.transactions.push(transaction);
  return fake.success(showTransaction(transaction, store));
}

/** The customer who bought, created if the sale asks for it. */
function buyerOf({ customer, options }: Fields, store: FakeStore): FakeCustomer {
  const reference = fake.isFields(customer) ? customer : {};
  const found = store.findCustomer(reference);
  if (found && (store.type === 'affiliate' || found.referrer)) return found;
  const isWanted = fake.isFields(options) && options['create_customer'] === true;
  if (!found && isWanted) return createCustomer(reference, store);
  const message = 'The customer could not be found.';
  return fake.refuse(422, message, { customer: [message] });
}

export function transactionOf(body: Fields, customer: FakeCustomer | null): FakeTransaction {
  const { amount, reward, created_at: at } = body;
  const commission = isAmount(reward) ? reward : (isAmount(amount) ? amount : 0) * COMMISSION_RATE;
  const referrer = customer?.partner ?? customer?.referrer;
  return {
    key: fake.stringOf(body['key']) ?? null,
    action: fake.stringOf(body['action']) ?? null,
    amount: isAmount(amount) ? amount : null,
    amountUnits: fake.stringOf(body['amount_units']) ?? 'USD',
    reward: referrer && body['rewardable'] !== false ? Number(commission.toFixed(4)) : 0,
    customer,
    createdAt: typeof at === 'number' ? new Date(at * 1_000) : new Date(),
    deletedAt: null,
  };
}

/** Whether it is an amount as Partnero takes it: a number, not negative. */
function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

export function showTransaction(transaction: FakeTransaction, { type }: FakeStore): Fields {
  const { key, action, amount, amountUnits, reward, customer, deletedAt } = transaction;
  const people =
    type === 'affiliate'
      ? { partner: customer?.partner?.id ?? null, customer: customer?.key ?? null }
      : { customer: customer?.referrer?.id ?? null, referred_customer: customer?.id ?? null };
  const common = {
    ...people,
    key,
    action,
    amount_units: amountUnits,
    is_currency: true,
    credit: false,
    created_at: fake.timestamp(transaction.createdAt),
    deleted_at: deletedAt && fake.timestamp(deletedAt),
  };
  const rewards = reward > 0 ? [{ ...common, amount: reward, status: 'ok' }] : [];
  return { ...common, amount: amount ?? reward, rewards };
}

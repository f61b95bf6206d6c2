import type { FakeRoute, FakeTransaction } from 'nestjs-partnero/testing';
import * as fake from '#lib/testing/fake-route.js';
import type { FakeRoutes } from '#lib/testing/fake-route.js';
import { remove, type FakeStore } from '#lib/testing/fake-store.js';
import {
  showTransaction,
  transactionOf,
  transactionRoutes,
} from '#lib/testing/fake-transactions.js';
import type { FakeApiVariants } from './api-variants.js';

/** Which of several transactions with one key is meant. */
export function transactionWith(
  key: unknown,
  store: FakeStore,
  { doubledKey }: FakeApiVariants,
): FakeTransaction {
  const all = store.transactions.filter((transaction) => transaction.key === key);
  const found = doubledKey === 'last' ? all.at(-1) : all[0];
  return found ?? fake.refuse(404, 'Transaction not found.');
}

/** `/transactions`, with one key several times, customers who are unknown, and batches. */
export function saleRoutes(store: FakeStore, apiVariants: FakeApiVariants): FakeRoutes {
  const { transactions } = store;
  const record = transactionRoutes(store)['POST /transactions']!;
  const show = (transaction: FakeTransaction) => fake.success(showTransaction(transaction, store));
  const recordOne: FakeRoute = (call) => {
    const { key } = call.body;
    const same = transactions.find((each) => each.key !== null && each.key === key);
    if (same && apiVariants.transactionKeys === 'deduplicated') return show(same);
    try {
      return record(call);
    } catch (error) {
      if (!isForNobody(error, apiVariants)) throw error;
      const recorded = transactionOf(call.body, null);
      transactions.push(recorded);
      return show(recorded);
    }
  };
  const deleteWith = (key: unknown) => {
    const found = transactionWith(key, store, apiVariants);
    const all = transactions.filter((each) => each.key === key);
    for (const each of apiVariants.doubledKey === 'all' ? all : [found]) remove(transactions, each);
    return fake.success();
  };
  return {
    'POST /transactions': (call) => {
      const { transactions: batch, ...common } = call.body;
      if (!Array.isArray(batch)) return recordOne(call);
      // Several sales to one customer. The documented response isn't known.
      const responses = batch.map((sale: unknown) =>
        recordOne({ ...call, body: { ...common, ...(fake.isFields(sale) ? sale : {}) } }),
      );
      return responses.at(-1) ?? fake.refuseInvalid(['transactions']);
    },
    'GET /transactions/:key': ({ params }) =>
      show(transactionWith(params['key'], store, apiVariants)),
    'DELETE /transactions/:key': ({ params }) => deleteWith(params['key']),
    'DELETE /transactions': ({ body }) => deleteWith(body['key']),
  };
}

/** Whether a sale is refused that is recorded in these variants, and counts for nobody. */
function isForNobody(
  error: unknown,
  { unknownCustomer, unknownPartnerOnSale }: FakeApiVariants,
): boolean {
  if (!(error instanceof fake.FakeRefusal)) return false;
  const message = String(error.response.body?.['message']);
  if (message === 'The customer could not be found.') return unknownCustomer === 'recorded';
  return message === 'The partner could not be found.' && unknownPartnerOnSale === 'ignored';
}

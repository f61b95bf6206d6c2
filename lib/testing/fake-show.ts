import type { FakeCustomer, FakePartner, FakeTransaction } from './fake-entities.js';
import type { FakeWorld } from './fake-resource.js';
import { stamp, tagsOf, type Fields } from './fake-values.js';

/** A customer as he is answered, in the shape of the program's type. */
export function showCustomer(customer: FakeCustomer, { type, apiVariants }: FakeWorld): Fields {
  const { email, name, surname, partner, referrer, deletedAt } = customer;
  const common = {
    email,
    name,
    surname,
    status: deletedAt ? 'deleted' : 'active',
    created_at: stamp(customer.createdAt),
    updated_at: stamp(customer.updatedAt),
  };
  if (type === 'affiliate') {
    return {
      ...common,
      key: customer.key,
      partner: partner?.[apiVariants.partnerField] ?? null,
      deleted: deletedAt !== null,
      deleted_at: deletedAt ? stamp(deletedAt) : null,
      tags: tagsOf(customer.tags),
    };
  }
  return {
    ...common,
    id: customer.id,
    approved: true,
    referring_customer: referrer && { id: referrer.id, key: referrer.key, email: referrer.email },
    referral_link: `https://example.com/?ref=${encodeURIComponent(customer.key)}`,
  };
}

/** A partner as he is answered. `withStats`: as *get partner* does. */
export function showPartner(
  partner: FakePartner,
  { store, apiVariants }: FakeWorld,
  withStats = false,
): Fields {
  const { id, key, email, name, surname, tags, archived, createdAt } = partner;
  const customers = store.customers.filter((customer) => customer.partner === partner);
  const link = `https://example.com/?aff=${encodeURIComponent(key)}`;
  const common = {
    ...(apiVariants.partnerAnswers === 'key' ? {} : { id }),
    ...(apiVariants.partnerAnswers === 'id' ? {} : { key }),
    email,
    name,
    surname,
    status: archived ? 'archived' : 'active',
    approved: true,
    tos: true,
    custom_fields: [],
    referrals_count: customers.length,
    tags: tagsOf(tags),
    referral_link: link,
    referral_links: [link],
    created_at: stamp(createdAt),
    updated_at: stamp(createdAt),
  };
  if (!withStats) return common;
  const sales = store.transactions.filter(({ customer }) => customer?.partner === partner);
  const stats = { clicks: 0, signups: customers.length, sales_count: sales.length };
  return {
    ...common,
    custom_field_values: [],
    referrals: {
      ...stats,
      paid_accounts: 0,
      revenue: sumInUsd(sales.map(({ amount }) => amount ?? 0)),
    },
    commissions: {
      paid: 0,
      pending: sumInUsd(sales.map(({ reward }) => reward)),
      not_paid: [],
    },
  };
}

/** A transaction as it is answered, in the shape of the program's type. */
export function showTransaction(
  transaction: FakeTransaction,
  { type, apiVariants }: FakeWorld,
): Fields {
  const { key, action, amount, amountUnits, reward, customer, product } = transaction;
  const common = {
    key,
    action,
    amount_units: amountUnits,
    is_currency: true,
    credit: false,
    created_at: stamp(transaction.createdAt),
    deleted_at: transaction.deletedAt ? stamp(transaction.deletedAt) : null,
  };
  const who =
    type === 'affiliate'
      ? {
          partner: customer?.partner?.[apiVariants.partnerField] ?? null,
          customer: customer?.key ?? null,
        }
      : { customer: customer?.referrer?.id ?? null, referred_customer: customer?.id ?? null };
  const earned = { ...common, ...who, amount: reward, status: 'ok', product_type_data: product };
  return { ...common, ...who, amount: amount ?? reward, rewards: reward > 0 ? [earned] : [] };
}

function sumInUsd(values: readonly number[]): Fields[] {
  return [{ currency: 'USD', amount: Number(values.reduce((a, b) => a + b, 0).toFixed(4)) }];
}

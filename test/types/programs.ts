// Compiled, never run: what the types offer, and what they refuse. Also compiled against the published
// package, by test/consumers.
import {
  fromMinorUnits,
  getPartneroToken,
  type CreateTransactionDto,
  type Customer,
  type Money,
  type Page,
  type PartneroService,
  type ReferAFriendCustomer,
  type Transaction,
} from 'nestjs-partnero';

/** The same type: also where all of its fields are optional. */
type Same<A, B> = [A, B, keyof A, keyof B] extends [B, A, keyof B, keyof A] ? true : false;
/** Not `any`. */
type Known<T> = 0 extends 1 & T ? false : true;

const dollars: Money = { amount: '49.00', currency: 'USD' };

/** What a service is without further words: that of an affiliate program. */
export async function affiliate(partnero: PartneroService): Promise<void> {
  const made = await partnero.customers.create({ key: 'user-1', partner: { key: 'ann' } });
  true satisfies Same<typeof made, Customer>;
  true satisfies Known<typeof made.key>;
  for await (const customer of partnero.customers.list({ partner: { key: 'ann' }, limit: 10 })) {
    true satisfies Same<typeof customer, Customer>;
  }
  true satisfies Same<Awaited<ReturnType<typeof partnero.customers.page>>, Page<Customer>>;
  await partnero.partners.get({ key: 'ann' });
  await partnero.leads.reject(1);
  await partnero.links.create({ key: 'spring', partner: { key: 'ann' } });
  const { program_settings: settings } = await partnero.program.get();
  true satisfies Known<typeof settings>;

  // @ts-expect-error -- who refers whom differs: here a partner does
  await partnero.customers.create({ key: 'user-1', referring_customer: { key: 'ada' } });
  // @ts-expect-error -- and a customer needs one
  await partnero.customers.create({ key: 'user-1' });
  // @ts-expect-error -- the other program's filter
  partnero.customers.list({ referStatus: 'referred' });
  // @ts-expect-error -- found by key in the other program only
  await partnero.customers.search({ key: 'user-1' });
  // @ts-expect-error -- balances are the other program's
  await partnero.customers.balance('user-1');
  // @ts-expect-error -- and so are invitations
  await partnero.customers.invite({ email: 'a@example.com' });
  // @ts-expect-error -- and the fields of its customers
  void made.referring_customer;
  // @ts-expect-error -- links belong to partners here
  await partnero.links.create({ key: 'spring', customer: { key: 'user-1' } });
  // @ts-expect-error -- subscribers belong to newsletters
  partnero.subscribers.list();
  // @ts-expect-error -- a program isn't deleted from here
  await partnero.program.delete();
}

/** A refer-a-friend program. */
export async function referAFriend(partnero: PartneroService<'refer-a-friend'>): Promise<void> {
  const made = await partnero.customers.create({
    id: 'user-1',
    referring_customer: { key: 'ada' },
  });
  true satisfies Same<typeof made, ReferAFriendCustomer>;
  await partnero.customers.credit('user-1', { amount: dollars });
  await partnero.transactions.create({ customer: { id: 'user-1' }, amount: dollars });
  await partnero.links.create({ key: 'spring', customer: { id: 'user-1' } });
  const program = await partnero.program.get();
  true satisfies Known<typeof program>;

  // @ts-expect-error -- there are no partners here
  await partnero.customers.create({ id: 'user-1', partner: { key: 'ann' } });
  // @ts-expect-error -- nor tags
  await partnero.customers.create({ id: 'user-1', tags: ['vip'] });
  // @ts-expect-error -- nor this field in answers
  void made.partner;
  // @ts-expect-error -- archiving is the affiliates'
  await partnero.customers.archive('user-1');
  // @ts-expect-error -- of transactions too
  await partnero.transactions.archive('order-1');
  // @ts-expect-error -- a reward isn't set here
  await partnero.transactions.create({ customer: { id: 'user-1' }, reward: dollars });
  // @ts-expect-error -- there are no partners here
  partnero.partners.list();
  // @ts-expect-error -- nor leads
  partnero.leads.list();
}

/** A newsletter program. */
export async function newsletter(partnero: PartneroService<'newsletter'>): Promise<void> {
  await partnero.subscribers.create({ email: 'a@example.com', status: 'active' });
  const { total_subscribers: total } = await partnero.program.get();
  true satisfies Known<typeof total>;
  await partnero.webhooks.list().page(1);

  // @ts-expect-error -- there are no customers here
  partnero.customers.list();
  // @ts-expect-error -- nor sales
  partnero.transactions.list();
}

/** Money is never a bare number. */
export async function money(partnero: PartneroService): Promise<void> {
  const customer = { key: 'user-1' };
  const sale: CreateTransactionDto = { customer, amount: fromMinorUnits(4900, 'USD') };
  const made = await partnero.transactions.create(sale);
  true satisfies Same<typeof made, Transaction>;
  true satisfies Same<NonNullable<typeof made.amount>, string>;

  // @ts-expect-error -- dollars or cents?
  await partnero.transactions.create({ customer, amount: 49 });
  // @ts-expect-error -- of what?
  await partnero.transactions.create({ customer, amount: '49.00' });
  // @ts-expect-error -- a number again
  await partnero.transactions.create({ customer, amount: { amount: 49, currency: 'USD' } });
  // @ts-expect-error -- seconds or milliseconds?
  await partnero.transactions.create({ customer, amount: dollars, created_at: 1_746_202_359 });
  // @ts-expect-error -- of what?
  fromMinorUnits(4900);
  // @ts-expect-error -- a text isn't counted
  fromMinorUnits('4900', 'USD');
  // @ts-expect-error -- a number again
  await partnero.partners.reward('partner_1', { amount: 25 });
  // @ts-expect-error -- a number again
  await partnero.leads.convert(1, { commission_transaction_amount: 120 });
}

/** Tokens know of the type of their program. */
export function tokens(): void {
  const token = getPartneroToken<'refer-a-friend'>('referrals');
  true satisfies Known<typeof token>;
}

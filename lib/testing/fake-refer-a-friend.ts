import type { FakeAnswer } from './fake-answer.js';
import type { FakeCustomers } from './fake-customers.js';
import type { FakeCustomer } from './fake-entities.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource, type FakeWorld } from './fake-resource.js';
import { showCustomer } from './fake-show.js';
import { isAmount, isEmail, isText, required, type Fields, type Problems } from './fake-values.js';

/** What only customers of a refer-a-friend program have: referrals, stats, a balance, invitations. */
export class FakeReferAFriend extends FakeResource {
  constructor(
    world: FakeWorld,
    private readonly customers: FakeCustomers,
  ) {
    super(world);
  }

  handle(call: FakeCall): FakeAnswer | undefined {
    const { method, segments, body } = call;
    const [resource, id = '', what, action, more] = segments;
    if (this.type !== 'refer-a-friend' || more !== undefined) return undefined;
    if (resource === 'customers:invite') return method === 'POST' ? this.invite(body) : undefined;
    if (resource !== 'customers' || what === undefined) return undefined;
    const route = action === undefined ? `${method} ${what}` : `${method} ${what}/${action}`;
    const customer = this.customers.find(id);
    switch (route) {
      case 'GET referrals':
        return customer ? this.referrals(call, customer) : this.notFound('Customer');
      case 'GET stats':
        return customer ? this.ok(this.stats(customer)) : this.notFound('Customer');
      case 'GET balance':
        return customer ? this.ok(this.balance(customer)) : this.notFound('Customer');
      case 'POST balance/credit':
        return customer ? this.credit(customer, body) : this.notFound('Customer');
      default:
        return undefined;
    }
  }

  private referrals(call: FakeCall, customer: FakeCustomer): FakeAnswer {
    const rows = this.store.customers.filter(({ referrer }) => referrer === customer);
    return this.list(rows, call, (row) => showCustomer(row, this.world));
  }

  private stats(customer: FakeCustomer): Fields {
    const referred = this.store.customers.filter(({ referrer }) => referrer === customer);
    return { referrals: referred.length };
  }

  private balance(customer: FakeCustomer): Fields {
    const rewards = this.store.transactions
      .filter((sale) => sale.customer?.referrer === customer && sale.reward > 0)
      .map(({ reward, amountUnits }) => ({ amount: reward, amountUnits, isCurrency: true }));
    const credits = this.store.gifts.filter(({ to }) => to === customer);
    const entries = [...rewards, ...credits].map(({ amount, amountUnits, isCurrency }) => ({
      amount,
      amount_units: amountUnits,
      is_currency: isCurrency,
    }));
    return {
      customer: showCustomer(customer, this.world),
      balance: { currency: entries.filter(({ is_currency }) => is_currency) },
    };
  }

  private credit(to: FakeCustomer, body: Fields): FakeAnswer {
    const { amount, amount_units: amountUnits, is_currency: isCurrency } = body;
    const errors: Problems = {};
    if (!isAmount(amount)) errors['amount'] = ['The amount must be a number.'];
    if (!isText(amountUnits)) errors['amount_units'] = required('amount_units');
    if (typeof isCurrency !== 'boolean') errors['is_currency'] = required('is_currency');
    if (!isAmount(amount) || !isText(amountUnits) || typeof isCurrency !== 'boolean') {
      return this.invalid(errors);
    }
    this.store.gifts.push({ to, amount, amountUnits, isCurrency, note: null });
    return this.ok(this.balance(to));
  }

  private invite({ email, personalization }: Fields): FakeAnswer {
    if (!isEmail(email)) return this.invalid({ email: required('email') });
    if (personalization !== undefined && typeof personalization !== 'object') {
      return this.invalid({ personalization: ['The personalization must be an array.'] });
    }
    this.store.invited.push(email as string);
    return this.ok();
  }
}

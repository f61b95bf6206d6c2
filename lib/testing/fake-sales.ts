import { refusal, success, type FakeAnswer } from './fake-answer.js';
import type { FakeCustomers } from './fake-customers.js';
import type { FakeCustomer, FakeTransaction } from './fake-entities.js';
import type { FakeWorld } from './fake-resource.js';
import { showTransaction } from './fake-show.js';
import { isAmount, isFields, isReference, isText, required, textIn } from './fake-values.js';
import type { Fields, Problems } from './fake-values.js';

const RATE = 0.3;

/** `POST /transactions`. Records a key that is there once more, unless told otherwise. */
export class FakeSales {
  constructor(
    private readonly world: FakeWorld,
    private readonly customers: FakeCustomers,
  ) {}

  record(body: Fields): FakeAnswer {
    const { transactions } = body;
    if (!Array.isArray(transactions)) return this.recordOne(body);
    // Several for one customer. What is answered isn't known.
    let answer = this.invalid({ transactions: required('transactions') });
    for (const each of transactions) {
      answer = this.recordOne({ ...body, ...(isFields(each) ? each : {}) });
    }
    return answer;
  }

  private recordOne(body: Fields): FakeAnswer {
    const { apiVariants, store } = this.world;
    const errors = this.problemsIn(body);
    if (Object.keys(errors).length > 0) return this.invalid(errors);
    const { key } = body;
    const same = store.transactions.find((other) => other.key === key && isText(key));
    if (same && apiVariants.transactionKeys === 'refused') {
      const message = 'The key has already been taken.';
      return refusal(apiVariants, apiVariants.duplicateStatus, message, { key: [message] });
    }
    if (same && apiVariants.transactionKeys === 'deduplicated') return this.answer(same);
    const { customer, refused } = this.buyer(body);
    if (refused) return refused;
    const recorded = transactionOf(body, customer ?? null);
    store.transactions.push(recorded);
    return this.answer(recorded);
  }

  private problemsIn(body: Fields): Problems {
    const { apiVariants, type } = this.world;
    const { customer, amount, reward, action, key, created_at: at } = body;
    const errors: Problems = {};
    if (!isReference(customer)) errors['customer'] = required('customer');
    const mustHaveAmount = amount !== undefined || type !== 'affiliate' || reward === undefined;
    if (mustHaveAmount && !isAmount(amount)) errors['amount'] = ['The amount must be a number.'];
    if (reward !== undefined && !isAmount(reward)) {
      errors['reward'] = ['The reward must be a number.'];
    }
    if (apiVariants.actionRequired && !isText(action)) errors['action'] = required('action');
    if (isText(key) && apiVariants.maxKeyLength !== null && key.length > apiVariants.maxKeyLength) {
      errors['key'] = [`The key may not be greater than ${apiVariants.maxKeyLength} characters.`];
    }
    const isUnix = typeof at === 'number' && Number.isInteger(at);
    const isDate = typeof at === 'string' && !Number.isNaN(Date.parse(at));
    const fits = { unix: isUnix, text: isDate, either: isUnix || isDate }[apiVariants.saleTime];
    if (at !== undefined && !fits) errors['created_at'] = ['The created at is not a valid date.'];
    return errors;
  }

  /** Who bought: created along if asked for. Nobody, if the sale counts for nobody. */
  private buyer(body: Fields): { customer?: FakeCustomer | undefined; refused?: FakeAnswer } {
    const { store, apiVariants } = this.world;
    const reference = body['customer'] as Fields;
    const found = store.customerBy(reference);
    if (found) {
      return this.isWithoutReferrer(found)
        ? { refused: this.unknownCustomer() }
        : { customer: found };
    }
    const options = body['options'];
    if (!isFields(options) || options['create_customer'] !== true) {
      return apiVariants.unknownCustomer === 'recorded' ? {} : { refused: this.unknownCustomer() };
    }
    const isTop = apiVariants.newCustomerPartner === 'top';
    const { partner: nested, ...fields } = reference;
    const made = this.customers.create({ ...fields, partner: isTop ? body['partner'] : nested });
    if (made.status < 300) return { customer: store.customerBy(reference) };
    return apiVariants.unknownPartnerOnSale === 'ignored' ? {} : { refused: made };
  }

  /** In a refer-a-friend program only sales to referred customers count. */
  private isWithoutReferrer({ referrer }: FakeCustomer): boolean {
    return this.world.type === 'refer-a-friend' && referrer === null;
  }

  private unknownCustomer(): FakeAnswer {
    const { apiVariants } = this.world;
    const status = apiVariants.unknownCustomer === 'recorded' ? 422 : apiVariants.unknownCustomer;
    const message = 'The customer could not be found.';
    return refusal(apiVariants, status, message, status === 422 ? { customer: [message] } : {});
  }

  private invalid(errors: Problems): FakeAnswer {
    return refusal(this.world.apiVariants, 422, 'The given data was invalid.', errors);
  }

  private answer(transaction: FakeTransaction): FakeAnswer {
    const { apiVariants } = this.world;
    const shown = showTransaction(transaction, this.world);
    return success(apiVariants, shown, apiVariants.transactionStatus);
  }
}

function transactionOf(body: Fields, customer: FakeCustomer | null): FakeTransaction {
  const { key, action, amount, amount_units: units, reward, created_at: at } = body;
  const counts = customer !== null && (customer.partner ?? customer.referrer) !== null;
  const given = isAmount(reward) ? reward : Number((((amount as number) ?? 0) * RATE).toFixed(4));
  const { product_id, product_type } = body;
  return {
    key: isText(key) ? key : null,
    action: isText(action) ? action : null,
    amount: isAmount(amount) ? amount : null,
    amountUnits: isText(units) ? units : 'USD',
    reward: counts && body['rewardable'] !== false ? given : 0,
    customer,
    product: {
      ...(product_id === undefined ? {} : { product_id }),
      ...(product_type === undefined ? {} : { product_type }),
    },
    createdAt: at === undefined ? new Date() : dateOf(at),
    deletedAt: null,
  };
}

function dateOf(at: unknown): Date {
  return typeof at === 'number' ? new Date(at * 1_000) : new Date(textIn(at));
}

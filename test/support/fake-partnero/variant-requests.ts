import * as fake from '#lib/testing/fake-route.js';
import type { FakeCall, Fields } from '#lib/testing/fake-route.js';
import type { FakeStore } from '#lib/testing/fake-store.js';
import type { FakeApiVariants } from './api-variants.js';

type Call = Omit<FakeCall, 'params'>;

/** Makes the request that `FakePartnero` understands of one that is right in the variants chosen. */
export class VariantRequests {
  constructor(
    private readonly store: FakeStore,
    private readonly apiVariants: FakeApiVariants,
  ) {}

  /** @throws FakeRefusal if the request is wrong in these variants */
  vary(methodAndPath: string, { query, body }: Call): Call {
    const [method = '', path = ''] = methodAndPath.split(' ');
    this.checkLengths(body);
    switch (method) {
      case 'GET':
        return { query: this.varyQuery(path, query), body };
      case 'PUT':
        return { query, body: this.varyUpdate(path, body) };
      case 'POST':
        return { query, body: this.varyCreation(path, body) };
      default:
        this.checkDeletion(path);
        return { query, body };
    }
  }

  private checkLengths(body: Fields): void {
    const max = this.apiVariants.maxKeyLength ?? Infinity;
    const fits = (value: unknown) => String(value).length <= max;
    fake.validate({ key: fits(body['key']), id: fits(body['id']) });
  }

  private varyQuery(path: string, query: FakeCall['query']): FakeCall['query'] {
    const { minLimit, maxLimit, findsByEmail, partnerFilter, transactionFilters } =
      this.apiVariants;
    const { limit = '15' } = query;
    const isList = query['page'] !== undefined || query['limit'] !== undefined;
    if (isList) fake.validate({ limit: Number(limit) >= minLimit && Number(limit) <= maxLimit });
    const [, collection, reference = ''] = path.split('/').map(decodeURIComponent);
    if (collection === 'customers' && !findsByEmail && reference.includes('@')) {
      if (!this.store.customer(reference)) fake.refuse(404, 'Customer not found.');
    }
    if (path === '/customers') return filters(query, partnerFilter);
    if (path === '/transactions') return filters(query, transactionFilters);
    return query;
  }

  private varyUpdate(path: string, body: Fields): Fields {
    const { updateBody, updateCustomerAt } = this.apiVariants;
    const isReferAFriend = this.store.type === 'refer-a-friend';
    const isByBody = path === '/customers';
    if (isReferAFriend && (isByBody || path.startsWith('/customers/'))) {
      const isThere = updateCustomerAt === 'both' || (updateCustomerAt === 'body') === isByBody;
      if (!isThere) fake.refuse(405, 'The method is not supported for this route.');
    }
    if (!/^\/(customers|partners)\b/.test(path)) return body;
    const isWrapped = fake.isFields(body['update']);
    const isFlat = updateBody === 'flat' || (updateBody === 'either' && !isWrapped);
    return isFlat ? { ...body, update: body } : body;
  }

  private varyCreation(path: string, body: Fields): Fields {
    switch (path) {
      case '/customers':
        this.checkCustomer(body);
        return body;
      case '/partners':
        fake.validate({ password: !this.apiVariants.passwordRequired || 'password' in body });
        return body;
      case '/transactions':
        return this.varySale(body);
      default:
        return body;
    }
  }

  private checkCustomer(body: Fields): void {
    const { uniqueEmails, emailRequired } = this.apiVariants;
    const isReferAFriend = this.store.type === 'refer-a-friend';
    const ownId = body[isReferAFriend ? 'id' : 'key'];
    fake.validate({ email: !emailRequired || !isReferAFriend || 'email' in body });
    if (!uniqueEmails || this.store.customer(ownId)) return;
    if (this.store.findCustomer({ email: body['email'] })) fake.refuseTaken('email');
  }

  private varySale(body: Fields): Fields {
    const { actionRequired, saleTime, newCustomerPartner, transactionKeys } = this.apiVariants;
    const { action, key, created_at: at, customer, partner } = body;
    const isString = typeof at === 'string';
    const isDate = isString && !Number.isNaN(Date.parse(at));
    fake.validate({
      action: !actionRequired || fake.stringOf(action) !== undefined,
      created_at: at === undefined || saleTime === 'either' || (saleTime === 'text') === isString,
    });
    const isDoubled = this.store.transactions.some((other) => key && other.key === key);
    if (isDoubled && transactionKeys === 'refused') fake.refuseTaken('key');
    const buyer = fake.isFields(customer) ? customer : {};
    const isBeside = newCustomerPartner === 'top' && customer !== undefined;
    return {
      ...body,
      ...(isDate ? { created_at: Date.parse(at) / 1_000 } : {}),
      ...(isBeside ? { customer: { ...buyer, partner } } : {}),
    };
  }

  private checkDeletion(path: string): void {
    const { deleteTransaction } = this.apiVariants;
    const isThere = path === '/transactions' ? 'body' : 'path';
    const isOfTransaction = path === '/transactions' || path.startsWith('/transactions/');
    if (isOfTransaction && deleteTransaction !== 'both' && deleteTransaction !== isThere) {
      fake.refuse(405, 'The method is not supported for this route.');
    }
  }
}

/** The filters under their documented names. Others are ignored, as Partnero may do it. */
function filters(
  query: FakeCall['query'],
  names: 'dotted' | 'underscored' | 'either' | 'ignored',
): FakeCall['query'] {
  const varied: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    const isDotted = name.includes('.');
    const isUnderscored = /^(partner|customer)_/.test(name);
    if (!isDotted && !isUnderscored) varied[name] = value;
    else if (names === 'either' || names === (isDotted ? 'dotted' : 'underscored')) {
      varied[name.replace('_', '.')] = value;
    }
  }
  return varied;
}

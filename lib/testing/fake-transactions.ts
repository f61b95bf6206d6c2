import type { FakeAnswer } from './fake-answer.js';
import type { FakeCustomers } from './fake-customers.js';
import type { FakeTransaction } from './fake-entities.js';
import type { FakeCall } from './fake-request.js';
import { FakeResource, type FakeWorld } from './fake-resource.js';
import { FakeSales } from './fake-sales.js';
import { showTransaction } from './fake-show.js';
import { isText, required, type Fields } from './fake-values.js';

/** `/transactions`, and `/customers/{key}/transactions`. */
export class FakeTransactions extends FakeResource {
  private readonly sales: FakeSales;

  constructor(
    world: FakeWorld,
    private readonly customers: FakeCustomers,
  ) {
    super(world);
    this.sales = new FakeSales(world, customers);
  }

  handle(call: FakeCall): FakeAnswer | undefined {
    const { method, segments } = call;
    const [resource, key, action, more] = segments;
    if (this.type === 'newsletter' || more !== undefined) return undefined;
    if (resource === 'customers' && action === 'transactions' && method === 'GET') {
      return this.ofCustomer(call, key ?? '');
    }
    if (resource !== 'transactions') return undefined;
    if (key === undefined) return this.collection(call);
    if (action === undefined) return this.single(call, key);
    if (method !== 'POST' || this.type !== 'affiliate') return undefined;
    return this.archive(key, action);
  }

  private collection(call: FakeCall): FakeAnswer | undefined {
    switch (call.method) {
      case 'GET':
        return this.listed(call);
      case 'POST':
        return this.sales.record(call.body);
      case 'DELETE':
        return this.deleteByBody(call.body);
      default:
        return undefined;
    }
  }

  private single({ method }: FakeCall, key: string): FakeAnswer | undefined {
    if (method !== 'GET' && method !== 'DELETE') return undefined;
    if (method === 'DELETE' && this.apiVariants.deleteTransaction === 'body')
      return this.notAllowed();
    const hit = this.hit(key);
    if (!hit) return this.notFound('Transaction');
    if (method === 'GET') return this.ok(this.show(hit));
    return this.remove(key, hit);
  }

  private deleteByBody({ key }: Fields): FakeAnswer {
    if (this.apiVariants.deleteTransaction === 'path') return this.notAllowed();
    if (!isText(key)) return this.invalid({ key: required('key') });
    const hit = this.hit(key);
    return hit ? this.remove(key, hit) : this.notFound('Transaction');
  }

  private remove(key: string, hit: FakeTransaction): FakeAnswer {
    const all = this.apiVariants.doubledKey === 'all';
    this.store.transactions = this.store.transactions.filter((other) =>
      all ? other.key !== key : other !== hit,
    );
    return this.ok();
  }

  private archive(key: string, action: string): FakeAnswer | undefined {
    const hit = this.hit(key);
    const state = hit && { archived: hit.deletedAt !== null };
    const answer = this.setArchived(state, 'Transaction', action);
    if (hit && answer?.status === 200) hit.deletedAt = state?.archived ? new Date() : null;
    return answer;
  }

  /** Which transaction a path with this key means: there may be several. */
  private hit(key: string): FakeTransaction | undefined {
    const all = this.store.transactions.filter((transaction) => transaction.key === key);
    return this.apiVariants.doubledKey === 'last' ? all.at(-1) : all[0];
  }

  private listed(call: FakeCall): FakeAnswer {
    const { key, sort } = call.query;
    const partnerKey = this.filter(call, 'partner', 'key');
    const partnerEmail = this.filter(call, 'partner', 'email');
    const customerKey = this.filter(call, 'customer', 'key');
    const rows = this.store.transactions.filter(
      (row) =>
        (key === undefined || row.key === key) &&
        (partnerKey === undefined || row.customer?.partner?.key === partnerKey) &&
        (partnerEmail === undefined || row.customer?.partner?.email === partnerEmail) &&
        (customerKey === undefined || row.customer?.key === customerKey),
    );
    if (sort === 'desc') rows.reverse();
    return this.list(rows, call, (row) => this.show(row));
  }

  private filter({ query }: FakeCall, who: string, field: string): string | undefined {
    const { transactionFilters: names } = this.apiVariants;
    if (names === 'ignored') return undefined;
    return (
      (names === 'underscored' ? undefined : query[`${who}.${field}`]) ??
      (names === 'dotted' ? undefined : query[`${who}_${field}`])
    );
  }

  private ofCustomer(call: FakeCall, key: string): FakeAnswer {
    const found = this.customers.find(key);
    if (!found) return this.notFound('Customer');
    const rows = this.store.transactions.filter(({ customer }) => customer === found);
    return this.list(rows, call, (row) => this.show(row));
  }

  private show(transaction: FakeTransaction): Fields {
    return showTransaction(transaction, this.world);
  }
}

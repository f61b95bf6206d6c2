import { randomUUID } from 'node:crypto';
import type {
  FakeCustomer,
  FakePartner,
  FakeProgramType,
  FakeTransaction,
  FakeWebhook,
  NewFakePartner,
} from './fake-entities.js';
import type { Fields } from './fake-route.js';

/** The fake program. */
export class FakeStore {
  readonly partners: FakePartner[] = [];
  readonly transactions: FakeTransaction[] = [];
  readonly webhooks: FakeWebhook[] = [];
  /** By your id, in the order of their creation. */
  private readonly customersById = new Map<unknown, FakeCustomer>();

  constructor(readonly type: FakeProgramType) {}

  get customers(): FakeCustomer[] {
    return [...this.customersById.values()];
  }

  addPartner(partner: NewFakePartner): FakePartner {
    const fields = typeof partner === 'string' ? { key: partner } : partner;
    const added: FakePartner = {
      id: `partner_${this.partners.length + 1}_${fields.key}`,
      email: `${fields.key}@partners.example`,
      name: fields.key,
      surname: null,
      tags: [],
      status: 'active',
      createdAt: new Date(),
      ...fields,
    };
    this.partners.push(added);
    return added;
  }

  findPartner(reference: Fields): FakePartner | undefined {
    return this.partners.find((partner) => isNamed(partner, reference));
  }

  addCustomer(fields: Partial<FakeCustomer>): FakeCustomer {
    const now = new Date();
    const customer: FakeCustomer = {
      key: randomUUID().slice(0, 8),
      id: randomUUID(),
      email: null,
      name: null,
      surname: null,
      tags: [],
      partner: null,
      referrer: null,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
      ...fields,
    };
    this.customersById.set(this.idOf(customer), customer);
    return customer;
  }

  /** By your id. */
  customer(id: unknown): FakeCustomer | undefined {
    return this.customersById.get(id);
  }

  findCustomer(reference: Fields): FakeCustomer | undefined {
    const found = this.customer(reference[this.type === 'affiliate' ? 'key' : 'id']);
    return found ?? this.customers.find((customer) => isNamed(customer, reference));
  }

  removeCustomer(customer: FakeCustomer): void {
    this.customersById.delete(this.idOf(customer));
  }

  renameCustomer(customer: FakeCustomer, key: string): void {
    this.removeCustomer(customer);
    customer.key = key;
    this.customersById.set(key, customer);
  }

  addWebhook(fields: Partial<FakeWebhook> & { url: string; events: string[] }): FakeWebhook {
    const webhook: FakeWebhook = {
      key: randomUUID().slice(0, 8),
      name: 'webhook',
      isActive: true,
      secret: randomUUID().replaceAll('-', '').slice(0, 16),
      ...fields,
    };
    this.webhooks.push(webhook);
    return webhook;
  }

  private idOf({ key, id }: FakeCustomer): string {
    return this.type === 'affiliate' ? key : id;
  }
}

/** Whether somebody is named by one of the three. */
function isNamed({ key, id, email }: FakePartner | FakeCustomer, reference: Fields): boolean {
  if (reference['key'] === key || reference['id'] === id) return true;
  return email !== null && reference['email'] === email;
}

/** Removes one item. */
export function remove<T>(items: T[], item: T): void {
  items.splice(items.indexOf(item), 1);
}

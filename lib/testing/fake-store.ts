import { randomUUID } from 'node:crypto';
import type {
  FakeCustomer,
  FakeGift,
  FakeLead,
  FakeLink,
  FakePartner,
  FakeProgramType,
  FakeSubscriber,
  FakeTransaction,
  FakeWebhook,
} from './fake-entities.js';
import type { FakeRecipient } from './fake-event.sender.js';

/** What the fake keeps: all that is in one program. */
export class FakeStore {
  readonly partners: FakePartner[] = [];
  readonly links: FakeLink[] = [];
  readonly subscribers: FakeSubscriber[] = [];
  readonly leads: FakeLead[] = [];
  readonly webhooks: FakeWebhook[] = [];
  readonly gifts: FakeGift[] = [];
  readonly invited: string[] = [];
  transactions: FakeTransaction[] = [];
  program: Record<string, unknown> = { name: 'Fake program', website: 'https://example.com' };
  /** By the caller's id, in the order of their creation. */
  private readonly byOwnId = new Map<string, FakeCustomer>();

  constructor(private readonly type: FakeProgramType) {}

  get customers(): FakeCustomer[] {
    return [...this.byOwnId.values()];
  }

  ownIdOf(customer: FakeCustomer): string {
    return this.type === 'refer-a-friend' ? customer.id : customer.key;
  }

  customerByOwnId(id: string): FakeCustomer | undefined {
    return this.byOwnId.get(id);
  }

  addPartner(partner: string | (Partial<FakePartner> & { key: string })): FakePartner {
    const given = typeof partner === 'string' ? { key: partner } : partner;
    const added: FakePartner = {
      id: `partner_${this.partners.length + 1}_${given.key}`,
      email: `${given.key}@partners.example`,
      name: given.key,
      surname: null,
      tags: [],
      archived: false,
      createdAt: new Date(),
      ...given,
    };
    this.partners.push(added);
    return added;
  }

  /** By any one of the three. */
  partnerBy(reference: { key?: unknown; id?: unknown; email?: unknown }): FakePartner | undefined {
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
      archived: false,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
      ...fields,
    };
    this.byOwnId.set(this.ownIdOf(customer), customer);
    return customer;
  }

  /** By any one of the three. */
  customerBy(reference: {
    key?: unknown;
    id?: unknown;
    email?: unknown;
  }): FakeCustomer | undefined {
    return this.customers.find((customer) => isNamed(customer, reference));
  }

  removeCustomer(customer: FakeCustomer): void {
    this.byOwnId.delete(this.ownIdOf(customer));
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

  /** Whom an event goes to. */
  recipientsOf(event: string): FakeRecipient[] {
    return this.webhooks
      .filter(({ isActive, events }) => isActive && events.includes(event))
      .map(({ key, url, secret }) => ({ url, webhookKey: key, secret }));
  }

  renameCustomer(customer: FakeCustomer, key: string): void {
    this.removeCustomer(customer);
    customer.key = key;
    this.byOwnId.set(this.ownIdOf(customer), customer);
  }
}

function isNamed(
  { key, id, email }: { key: string; id: string; email: string | null },
  reference: { key?: unknown; id?: unknown; email?: unknown },
): boolean {
  return (
    (reference.key !== undefined && reference.key === key) ||
    (reference.id !== undefined && reference.id === id) ||
    (reference.email !== undefined && reference.email === email)
  );
}

import { randomUUID } from 'node:crypto';

/** A partner that the fake knows. */
export interface FakePartner {
  readonly id: string;
  readonly key: string;
  readonly email: string;
  readonly name: string;
}

/** A customer as the fake keeps it. */
export interface FakeCustomer {
  /** Affiliate: the caller's id. Refer-a-friend: the public key. */
  key: string;
  /** Refer-a-friend: the caller's id. */
  id: string;
  email: string | null;
  name: string | null;
  surname: string | null;
  tags: string[];
  /** Affiliate: whom this customer counts for. */
  partner: FakePartner | null;
  /** Refer-a-friend: who referred this customer. */
  referrer: FakeCustomer | null;
  archived: boolean;
  createdAt: Date;
  updatedAt: Date;
  deletedAt: Date | null;
}

/** What the fake keeps: one program's partners and customers. */
export class FakeStore {
  readonly partners: FakePartner[] = [];
  /** By the caller's id, in the order of their creation. */
  private readonly byOwnId = new Map<string, FakeCustomer>();

  constructor(private readonly program: 'affiliate' | 'refer-a-friend') {}

  get customers(): FakeCustomer[] {
    return [...this.byOwnId.values()];
  }

  ownIdOf(customer: FakeCustomer): string {
    return this.program === 'affiliate' ? customer.key : customer.id;
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
      ...given,
    };
    this.partners.push(added);
    return added;
  }

  /** By any one of the three. */
  partnerBy(reference: { key?: unknown; id?: unknown; email?: unknown }): FakePartner | undefined {
    const { key, id, email } = reference;
    return this.partners.find(
      (partner) =>
        (key !== undefined && partner.key === key) ||
        (id !== undefined && partner.id === id) ||
        (email !== undefined && partner.email === email),
    );
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

  removeCustomer(customer: FakeCustomer): void {
    this.byOwnId.delete(this.ownIdOf(customer));
  }

  renameCustomer(customer: FakeCustomer, key: string): void {
    this.removeCustomer(customer);
    customer.key = key;
    this.byOwnId.set(this.ownIdOf(customer), customer);
  }
}

/** The types of program that Partnero has. */
export type FakeProgramType = 'affiliate' | 'refer-a-friend' | 'newsletter';

/** A partner that the fake knows. */
export interface FakePartner {
  readonly id: string;
  key: string;
  email: string;
  name: string;
  surname: string | null;
  tags: string[];
  archived: boolean;
  createdAt: Date;
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

/** A transaction as the fake keeps it. Its key need not be the only one. */
export interface FakeTransaction {
  readonly key: string | null;
  readonly action: string | null;
  /** In major units. `null`: only its reward was given. */
  readonly amount: number | null;
  readonly amountUnits: string;
  /** What somebody earns by it: what was given, or 30 % of the amount. 0: nobody does. */
  readonly reward: number;
  readonly customer: FakeCustomer | null;
  readonly product: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  /** When it was archived. */
  deletedAt: Date | null;
}

/** A referral link of a partner or a customer. */
export interface FakeLink {
  readonly id: string;
  readonly owner: FakePartner | FakeCustomer;
  fields: Record<string, unknown>;
}

/** A subscriber of a newsletter program. */
export interface FakeSubscriber {
  id: string | null;
  email: string;
  referrer: FakeSubscriber | null;
  fields: Record<string, unknown>;
  readonly createdAt: Date;
}

/** A lead. */
export interface FakeLead {
  readonly id: number;
  status: 'submitted' | 'converted' | 'rejected';
  readonly name: string;
  readonly email: string;
  readonly partner: FakePartner;
  readonly answers: Readonly<Record<string, unknown>>;
  /** With what it was converted. */
  amount: number | null;
  readonly createdAt: Date;
}

/** A webhook. */
export interface FakeWebhook {
  readonly key: string;
  name: string;
  url: string;
  events: string[];
  isActive: boolean;
  /** What deliveries are signed with; the API calls it `signature`. */
  secret: string;
}

/** Something that was given to somebody: a bonus of a partner, a credit of a customer. */
export interface FakeGift {
  readonly to: FakePartner | FakeCustomer;
  readonly amount: number;
  readonly amountUnits: string;
  readonly isCurrency: boolean;
  readonly note: string | null;
}

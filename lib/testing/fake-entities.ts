/** Who refers customers: partners, or other customers. */
export type FakeProgramType = 'affiliate' | 'refer-a-friend';

/** A partner of the fake program. */
export interface FakePartner {
  readonly id: string;
  /** The referral key. */
  key: string;
  email: string;
  name: string | null;
  surname: string | null;
  tags: string[];
  /** Such as `active`. */
  status: string;
  createdAt: Date;
}

/** A partner to add: its referral key, or more of it. */
export type NewFakePartner = string | (Partial<FakePartner> & { readonly key: string });

/** A customer of the fake program. */
export interface FakeCustomer {
  /** Affiliate: your id of the customer. Refer-a-friend: the public key. */
  key: string;
  /** Refer-a-friend: your id of the customer. */
  id: string;
  email: string | null;
  name: string | null;
  surname: string | null;
  tags: string[];
  /** Affiliate: the partner who referred this customer. */
  partner: FakePartner | null;
  /** Refer-a-friend: the customer who referred this one. */
  referrer: FakeCustomer | null;
  createdAt: Date;
  updatedAt: Date;
  /** Archived customers have one. */
  deletedAt: Date | null;
}

/** A transaction that the fake recorded. Several may have the same key. */
export interface FakeTransaction {
  readonly key: string | null;
  readonly action: string | null;
  /** In major units; `null` if only a reward was given. */
  readonly amount: number | null;
  readonly amountUnits: string;
  /** The commission: what was given, or 30 % of the amount; 0 if the customer has no referrer. */
  readonly reward: number;
  readonly customer: FakeCustomer | null;
  readonly createdAt: Date;
  /** Archived transactions have one. */
  deletedAt: Date | null;
}

/** A webhook of the fake program. */
export interface FakeWebhook {
  readonly key: string;
  name: string;
  url: string;
  events: string[];
  isActive: boolean;
  /** The key of the signatures of its deliveries. The API calls it `signature`. */
  secret: string;
}

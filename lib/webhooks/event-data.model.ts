import type { Customer } from '../api/customers/customer.model.js';

/** Further fields, as Partnero sent them. What events carry is documented in part only. */
interface Further {
  readonly [field: string]: unknown;
}

/** Of `partner.…` events. */
export interface PartnerEventData extends Further {
  /** Partnero's id of the partner. */
  readonly id?: string;
  readonly email?: string | null;
  readonly name?: string | null;
  readonly surname?: string | null;
  readonly created_at?: string;
}

/** Of `customer.…` events: the customer, in the shape of the program's type. */
export type CustomerEventData = Customer & Further;

/** A commission, as it comes with a transaction. */
export interface RewardEventData extends Further {
  /** The transaction's key. */
  readonly key?: string;
  /** Such as `ok`, `review_period`, `rejected`; an open list. */
  readonly status?: string;
  /** Partnero's id of the partner. */
  readonly partner?: string;
  /** Your id of the customer. */
  readonly customer?: string;
  /** In major units; may have more decimals than the currency. */
  readonly amount?: number;
  /** The currency. */
  readonly amount_units?: string;
}

/** Of `transaction.…` events. */
export interface TransactionEventData extends Further {
  /** Your id of the transaction. */
  readonly key?: string;
  readonly action?: string;
  /** In major units. */
  readonly amount?: number;
  /** The currency. */
  readonly amount_units?: string;
  /** Partnero's id of the partner. */
  readonly partner?: string;
  /** Your id of the customer. */
  readonly customer?: string;
  readonly created_at?: string;
  readonly deleted_at?: string | null;
  readonly rewards?: readonly RewardEventData[];
}

/** Of `lead.…` events. */
export interface LeadEventData extends Further {
  /** Partnero's id of the lead. */
  readonly id?: number;
  readonly status?: string;
}

/** Of events whose data isn't documented. */
export type OtherEventData = Further;

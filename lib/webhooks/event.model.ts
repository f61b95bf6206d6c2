import type { Customer } from '../api/customers/customer.model.js';

/**
 * The events that Partnero is known to send, by what they are about. Which of them a program has depends
 * on its type. CONFLICT: only Partnero's guide lists `transaction.updated` and `reward.*`; only the
 * vendor's own client knows leads, subscribers, `customer.credited` and `customer.rewarded`.
 * @see https://docs.partnero.com (Webhooks)
 */
const EVENTS = {
  partner: ['created', 'updated', 'deleted', 'approved', 'rejected', 'archived'],
  customer: ['created', 'updated', 'deleted', 'credited', 'rewarded'],
  transaction: ['created', 'updated', 'deleted'],
  reward: ['created', 'approved', 'paid'],
  lead: ['submitted', 'converted', 'rejected'],
  subscriber: ['created', 'updated', 'deleted', 'rewarded'],
} as const;

/** What `npx nestjs-partnero webhooks test` sends. */
export const TEST_EVENT = 'nestjs-partnero.test';

type Subject = keyof typeof EVENTS;

/** Name of an event that this version knows. */
export type PartneroEventName = {
  [S in Subject]: `${S}.${(typeof EVENTS)[S][number]}`;
}[Subject];

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

interface DataOf {
  partner: PartnerEventData;
  customer: CustomerEventData;
  transaction: TransactionEventData;
  reward: RewardEventData;
  lead: LeadEventData;
  subscriber: OtherEventData;
}

/** The data of each known event, by its name. */
export type PartneroEventData = {
  [Name in PartneroEventName]: Name extends 'customer.credited' | 'customer.rewarded'
    ? OtherEventData
    : Name extends `${infer S extends Subject}.${string}`
      ? DataOf[S]
      : never;
};

/** What every event has. */
interface EventFacts {
  /**
   * The same for every delivery of the same bytes, and for no other: SHA-256 of what was signed.
   * Partnero sends no id.
   */
  readonly id: string;
  /** When the event happened, according to Partnero; `null` if it has no time. */
  readonly createdAt: Date | null;
  /** The key of the webhook in Partnero that sent it; `null` if it has none. */
  readonly webhookKey: string | null;
  /** Name of the program in this app; `default` unless you gave one. */
  readonly program: string;
  /** The whole signed body, as Partnero sent it. */
  readonly envelope: Readonly<Record<string, unknown>>;
}

/** An event that this version knows; all of them, or the one called `Name`. */
export type KnownPartneroEvent<Name extends PartneroEventName = PartneroEventName> = {
  [N in Name]: EventFacts & {
    readonly type: N;
    /** The event's name at Partnero. */
    readonly name: N;
    readonly data: PartneroEventData[N];
  };
}[Name];

/** An event that this version doesn't know, or a known one whose data is no object. */
export interface UnknownPartneroEvent extends EventFacts {
  readonly type: 'unknown';
  /** The event's name at Partnero. */
  readonly name: string;
  readonly data: unknown;
}

/**
 * An event that Partnero sent. Its `type` narrows it to a known event; an event that this version doesn't
 * know has the type `'unknown'`, and its `name`.
 *
 * @example
 * switch (event.type) {
 *   case 'transaction.created':
 *     return this.commissions.add(event.data.key, event.data.rewards)
 *   case 'unknown':
 *     return this.log.debug(event.name)
 * }
 */
export type PartneroWebhookEvent = KnownPartneroEvent | UnknownPartneroEvent;

/** Which events a handler gets: one by its name, `'unknown'` ones, or all (`'*'`). */
export type PartneroEventSelector = PartneroEventName | 'unknown' | '*' | (string & {});

/** The type of the events that a handler with this selector gets. */
export type PartneroEventOf<Selector extends string> = string extends Selector
  ? PartneroWebhookEvent
  : Selector extends PartneroEventName
    ? KnownPartneroEvent<Selector>
    : Selector extends '*'
      ? PartneroWebhookEvent
      : UnknownPartneroEvent;

const NAMES: ReadonlySet<string> = new Set(
  Object.entries(EVENTS).flatMap(([subject, verbs]) => verbs.map((verb) => `${subject}.${verb}`)),
);

export function isKnownName(name: string): name is PartneroEventName {
  return NAMES.has(name);
}

/** Whether a handler with this selector gets the event. */
export function selects(selector: string, event: PartneroWebhookEvent): boolean {
  if (selector === '*' || selector === event.type) return true;
  return event.type === 'unknown' && selector === event.name && !isKnownName(selector);
}

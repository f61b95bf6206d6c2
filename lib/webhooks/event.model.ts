import type {
  CustomerEventData,
  LeadEventData,
  OtherEventData,
  PartnerEventData,
  RewardEventData,
  TransactionEventData,
} from './event-data.model.js';

/**
 * The events that Partnero is known to send, and their data. Which of them a program has depends on
 * its type.
 * @see https://docs.partnero.com (Webhooks)
 */
export interface PartneroEventData {
  'partner.created': PartnerEventData;
  'partner.updated': PartnerEventData;
  'partner.deleted': PartnerEventData;
  'partner.approved': PartnerEventData;
  'partner.rejected': PartnerEventData;
  'partner.archived': PartnerEventData;
  'customer.created': CustomerEventData;
  'customer.updated': CustomerEventData;
  'customer.deleted': CustomerEventData;
  /** Refer-a-friend programs, says the vendor's own client. */
  'customer.credited': OtherEventData;
  'customer.rewarded': OtherEventData;
  'transaction.created': TransactionEventData;
  /** Listed by Partnero's guide only, as are the rewards. */
  'transaction.updated': TransactionEventData;
  'transaction.deleted': TransactionEventData;
  'reward.created': RewardEventData;
  'reward.approved': RewardEventData;
  'reward.paid': RewardEventData;
  /** Leads and subscribers: known to the vendor's own client. */
  'lead.submitted': LeadEventData;
  'lead.converted': LeadEventData;
  'lead.rejected': LeadEventData;
  'subscriber.created': OtherEventData;
  'subscriber.updated': OtherEventData;
  'subscriber.deleted': OtherEventData;
  'subscriber.rewarded': OtherEventData;
}

/** Name of an event that this version knows. */
export type PartneroEventName = keyof PartneroEventData;

/** What is said of every event. */
interface EventFacts {
  /**
   * The same for every delivery of the same bytes, and for no other: SHA-256 of what was signed.
   * Partnero sends no id.
   */
  readonly id: string;
  /** When Partnero made it; `null` if it doesn't say. */
  readonly createdAt: Date | null;
  /** Which of your webhooks in Partnero it comes from; `null` if it doesn't say. */
  readonly webhookKey: string | null;
  /** Name of the program in this app; `default` unless you gave one. */
  readonly program: string;
  /** All that was signed, as Partnero sent it. */
  readonly envelope: Readonly<Record<string, unknown>>;
}

/** An event that this version knows; all of them, or the one called `Name`. */
export type KnownPartneroEvent<Name extends PartneroEventName = PartneroEventName> = {
  [N in Name]: EventFacts & {
    readonly type: N;
    /** As Partnero calls it. */
    readonly name: N;
    readonly data: PartneroEventData[N];
  };
}[Name];

/** An event that this version doesn't know, or one whose data isn't what it should be; kept as it is. */
export interface UnknownPartneroEvent extends EventFacts {
  readonly type: 'unknown';
  /** As Partnero calls it. */
  readonly name: string;
  readonly data: unknown;
}

/**
 * What Partnero tells. Its `type` tells known events apart; a new one of Partnero's is `'unknown'`,
 * with its `name`.
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

/** The event that a handler of such events gets. */
export type PartneroEventOf<Selector extends string> = string extends Selector
  ? PartneroWebhookEvent
  : Selector extends PartneroEventName
    ? KnownPartneroEvent<Selector>
    : Selector extends '*'
      ? PartneroWebhookEvent
      : UnknownPartneroEvent;

const KNOWN: Readonly<Record<PartneroEventName, true>> = {
  'partner.created': true,
  'partner.updated': true,
  'partner.deleted': true,
  'partner.approved': true,
  'partner.rejected': true,
  'partner.archived': true,
  'customer.created': true,
  'customer.updated': true,
  'customer.deleted': true,
  'customer.credited': true,
  'customer.rewarded': true,
  'transaction.created': true,
  'transaction.updated': true,
  'transaction.deleted': true,
  'reward.created': true,
  'reward.approved': true,
  'reward.paid': true,
  'lead.submitted': true,
  'lead.converted': true,
  'lead.rejected': true,
  'subscriber.created': true,
  'subscriber.updated': true,
  'subscriber.deleted': true,
  'subscriber.rewarded': true,
};

export function isKnownName(name: string): name is PartneroEventName {
  return Object.hasOwn(KNOWN, name);
}

/** Whether a handler of such events gets this one. */
export function selects(selector: string, event: PartneroWebhookEvent): boolean {
  if (selector === '*' || selector === event.type) return true;
  return event.type === 'unknown' && selector === event.name && !isKnownName(selector);
}

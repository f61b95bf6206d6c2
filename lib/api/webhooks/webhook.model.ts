/**
 * A webhook, as Partnero answers it.
 * @see https://docs.partnero.com (Webhooks)
 */
export interface Webhook {
  readonly key?: string;
  readonly name?: string;
  readonly url?: string;
  readonly is_active?: boolean;
  /** **The secret** that its deliveries are signed with: keep it out of logs. */
  readonly signature?: string;
  readonly events?: readonly WebhookEventName[];
}

/**
 * What Partnero tells of. An open list: sources don't agree on it, and there may be more. CONFLICT:
 * `transaction.updated` and `reward.*` stand in the documentation's guide only.
 */
export type WebhookEventName =
  | `partner.${'created' | 'updated' | 'deleted' | 'approved' | 'rejected' | 'archived'}`
  | `customer.${'created' | 'updated' | 'deleted' | 'credited' | 'rewarded'}`
  | `transaction.${'created' | 'updated' | 'deleted'}`
  | `reward.${'created' | 'approved' | 'paid'}`
  | `lead.${'submitted' | 'converted' | 'rejected'}`
  | `subscriber.${'created' | 'updated' | 'deleted' | 'rewarded'}`
  // Any other text, without giving up the proposals of editors.
  | (string & Record<never, never>);

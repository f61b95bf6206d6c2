import type { WebhookSecret } from './webhook.secret.js';

/** A webhook as it is at Partnero. */
export interface WebhookSubscription {
  readonly key: string;
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly isActive: boolean;
  /** `null` if an answer didn't hold it. */
  readonly secret: WebhookSecret | null;
}

/** What a webhook is to be. */
export interface WantedSubscription {
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
}

/** The port: a program's webhooks at Partnero. Everything rejects with a PartneroError. */
export interface WebhookSubscriptions {
  list(signal: AbortSignal): Promise<WebhookSubscription[]>;
  /** @param key to create it under; Partnero chooses one if there is none */
  create(wanted: WantedSubscription, key: string | undefined, signal: AbortSignal): Promise<void>;
  /** Makes it what is wanted, and active. */
  update(key: string, wanted: WantedSubscription, signal: AbortSignal): Promise<void>;
  delete(key: string, signal: AbortSignal): Promise<void>;
}

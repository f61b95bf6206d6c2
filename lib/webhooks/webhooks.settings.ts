import type { ApiCaller } from '../api/api.caller.js';
import type { RunInAppContext } from '../app-context.js';
import type { Outcome } from '../outcome.js';
import type { ResolvedDeliveryOptions } from '../outbox/delivery.options.js';
import type { OutboxDefinition, OutboxLog } from '../outbox/outbox-engine.js';
import type { ResolvedWebhooksOptions } from './webhooks.options.js';

/** What the webhooks of a program need to know. */
export interface WebhooksSettings {
  readonly program: string;
  /** False if the option `enabled` says so: then nothing is received, and nothing handled. */
  readonly active: boolean;
  readonly options: ResolvedWebhooksOptions;
  readonly outbox: OutboxDefinition;
  readonly delivery: ResolvedDeliveryOptions;
  readonly historyDays: number | undefined;
  readonly acceptTimeoutMs: number;
  /** For calls of the app's own. */
  readonly calls: ApiCaller;
  readonly inAppContext: RunInAppContext;
  readonly log: OutboxLog;
  /** Called with the outcome of one event at one handler, once it is saved. */
  readonly report: (outcome: Omit<Outcome, 'program' | 'at'>) => void;
}

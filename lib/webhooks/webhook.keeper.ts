import type { RunInAppContext } from '../app-context.js';
import { exponential } from '../outbox/backoff.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { PartneroError } from '../api/partnero.error.js';
import { sleep } from '../sleep.js';
import { ensureWebhook, NoSecretError } from './ensure-webhook.js';
import type { WebhookSecret } from './webhook.secret.js';
import type { SecretSource } from './webhook.receiver.js';
import type { WantedSubscription, WebhookSubscriptions } from './webhook.subscriptions.js';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** Processes that boot at once may get in each other's way: what they leave is looked at once more. */
const SECOND_LOOK_MS = 5_000;
/** Anybody can send what isn't signed: that must not become as many calls to Partnero. */
const ASK_AGAIN_AFTER_MS = 60_000;

/**
 * Has the webhook ensured at Partnero, in the background and until it succeeds, and keeps its secrets,
 * in memory only.
 */
export class WebhookKeeper implements SecretSource {
  private known: readonly WebhookSecret[] | null = null;
  private running = false;
  private lastRun = -Infinity;
  private readonly stopped = new AbortController();
  private readonly loggedProblems = new Set<string>();

  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly wanted: WantedSubscription,
    private readonly inAppContext: RunInAppContext,
    private readonly log: OutboxLog,
  ) {}

  get secrets(): readonly WebhookSecret[] {
    return this.known ?? [];
  }

  get isReady(): boolean {
    return this.known !== null;
  }

  start(): void {
    if (this.running || this.stopped.signal.aborted) return;
    this.running = true;
    void this.run().finally(() => (this.running = false));
  }

  /** Perhaps somebody made the webhook anew in Partnero: then it has another secret. */
  noticeMismatch(): void {
    if (Math.abs(Date.now() - this.lastRun) < ASK_AGAIN_AFTER_MS) return;
    // This is called while a request is handled.
    this.inAppContext(() => this.start());
  }

  stop(): void {
    this.stopped.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    for (let step = 0; !signal.aborted; step += 1) {
      this.lastRun = Date.now();
      try {
        const isFirst = this.known === null;
        this.known = await ensureWebhook(this.subscriptions, this.wanted, this.log, signal);
        this.loggedProblems.clear();
        if (isFirst) setTimeout(() => this.start(), SECOND_LOOK_MS).unref();
        return;
      } catch (error) {
        if (!signal.aborted) this.complain(error);
      }
      await sleep(exponential(step, FIRST_WAIT_MS, LONGEST_WAIT_MS), signal);
    }
  }

  /** Once for each kind of trouble: it is tried again for as long as the app runs. */
  private complain(error: unknown): void {
    const isOurs = error instanceof PartneroError || error instanceof NoSecretError;
    const problem = isOurs ? error.message : 'something unexpected.';
    if (this.loggedProblems.has(problem)) return;
    this.loggedProblems.add(problem);
    this.log.error(
      `webhooks.ensure: the webhook could not be set up at Partnero: ${problem} Trying again.` +
        (this.isReady ? '' : ' Until then, deliveries are answered 503.'),
    );
  }
}

import type { RunInAppContext } from '../app-context.js';
import { selects, type PartneroWebhookEvent } from './event.model.js';

/** A handler neither completed nor failed within `webhooks.handlerTimeoutMs`. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';
}

export interface EventHandlerSettings {
  readonly timeoutMs: number;
  readonly inAppContext: RunInAppContext;
}

/** A method with `@OnPartneroEvent()`, ready to be called. */
export class EventHandler {
  constructor(
    /** Stable from one deploy to the next: events are queued for it under this name. */
    readonly id: string,
    private readonly selectors: ReadonlySet<string>,
    private readonly call: (event: PartneroWebhookEvent, signal: AbortSignal) => unknown,
    private readonly settings: EventHandlerSettings,
  ) {}

  wants(event: PartneroWebhookEvent): boolean {
    return [...this.selectors].some((selector) => selects(selector, event));
  }

  /**
   * Calls the handler once, in the async context of the app's start. Aborts its signal when the time is
   * over, or when `stop` is aborted.
   * @throws whatever the handler throws
   * @throws HandlerTimeoutError
   */
  handle(event: PartneroWebhookEvent, stop?: AbortSignal): Promise<void> {
    return this.settings.inAppContext(() => this.handleInTime(event, stop));
  }

  private async handleInTime(event: PartneroWebhookEvent, stop?: AbortSignal): Promise<void> {
    const { timeoutMs } = this.settings;
    const abort = new AbortController();
    const signal = stop ? AbortSignal.any([abort.signal, stop]) : abort.signal;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new HandlerTimeoutError(`${this.id} took longer than ${timeoutMs} ms.`);
        abort.abort(error);
        reject(error);
      }, timeoutMs).unref();
    });
    try {
      await Promise.race([Promise.resolve(this.call(event, signal)), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}

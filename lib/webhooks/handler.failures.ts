import type { RunInAppContext } from '../app-context.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { ThrottledLogger } from '../throttled-logger.js';
import type { EventHandler } from './event.handler.js';
import type { PartneroWebhookEvent } from './event.model.js';
import type { WebhooksOptions } from './webhooks.options.js';

/** Reports that a handler failed, without the error's message, which may hold personal data. */
export class HandlerFailures {
  private readonly throttled: ThrottledLogger;

  constructor(
    private readonly log: OutboxLog,
    private readonly onHandlerError: WebhooksOptions['onHandlerError'],
    private readonly inAppContext: RunInAppContext,
  ) {
    this.throttled = new ThrottledLogger((message) => log.warn(message));
  }

  /** @returns the name of what was thrown */
  report(
    handler: EventHandler,
    event: PartneroWebhookEvent,
    attempt: number,
    error: unknown,
  ): string {
    const name = nameOf(error);
    this.throttled.warn(`${handler.id} ${name}`, () => {
      const place = placeOf(error);
      return (
        `${handler.id} threw ${name} on the event ${event.name} ${event.id} (attempt ${attempt})` +
        `${place ? `, ${place}` : ''}. Its message isn't logged; webhooks.onHandlerError gets it.`
      );
    });
    this.inAppContext(() => this.callBack(handler, event, attempt, error));
    return name;
  }

  private callBack(
    { id: handler }: EventHandler,
    { id: eventId, name: event }: PartneroWebhookEvent,
    attempt: number,
    error: unknown,
  ): void {
    const logThrown = () => this.log.error('webhooks.onHandlerError threw.');
    try {
      const result: unknown = this.onHandlerError?.(error, { handler, eventId, event, attempt });
      // An async function is a `() => void` too.
      Promise.resolve(result).catch(logThrown);
    } catch {
      logThrown();
    }
  }
}

function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return /^\w{1,60}$/.test(name) ? name : 'something';
}

/** The first line of the stack that isn't its message. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  const { stack, message } = error;
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  return frames.map((line) => line.trim()).find((line) => /^at .+:\d+:\d+\)?$/.test(line));
}

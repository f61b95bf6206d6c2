import type { OutboxLog } from '../outbox/outbox-engine.js';
import { ThrottledLogger } from '../throttled-logger.js';
import type { PartneroWebhookEvent } from './event.model.js';
import type { WebhooksOptions } from './webhooks.options.js';

/** Reports what handlers throw: the error itself to `onHandlerError`, its name and place to the log. */
export class HandlerFailures {
  private readonly throttled: ThrottledLogger;

  constructor(
    private readonly log: OutboxLog,
    private readonly onHandlerError: WebhooksOptions['onHandlerError'],
  ) {
    this.throttled = new ThrottledLogger((message) => log.warn(message));
  }

  /** @returns the name of what was thrown */
  report(handler: string, event: PartneroWebhookEvent, attempt: number, error: unknown): string {
    const name = nameOf(error);
    this.throttled.warn(`${handler} ${name}`, () => {
      const place = placeOf(error);
      return (
        `${handler} threw ${name} on the event ${event.name} ${event.id} (attempt ${attempt})` +
        `${place ? `, ${place}` : ''}. Its message may hold personal data and isn't logged; ` +
        'webhooks.onHandlerError gets it.'
      );
    });
    const about = { handler, eventId: event.id, event: event.name, attempt };
    void Promise.resolve()
      .then(() => this.onHandlerError?.(error, about))
      .catch(() => this.log.error('webhooks.onHandlerError threw.'));
    return name;
  }
}

function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  return /^\w{1,60}$/.test(name) ? name : 'something';
}

/** The first line of the stack behind the message, which may look like such a line itself. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  const { stack, message } = error;
  const at = stack.indexOf(message);
  if (at === -1) return undefined;
  const frames = stack.slice(at + message.length).split('\n');
  return frames.map((line) => line.trim()).find((line) => /^at .+:\d+:\d+\)?$/.test(line));
}

import type { OutboxLog } from '../outbox/outbox.js';
import type { EventHandler } from './event.handler.js';
import type { PartneroWebhookEvent } from './event.model.js';
import { Sparingly } from './sparingly.js';
import type { WebhooksOptions } from './webhooks.options.js';

/** Makes known that a handler failed, without what its error says: that may hold personal data. */
export class HandlerFailures {
  private readonly sparingly: Sparingly;

  constructor(
    private readonly log: OutboxLog,
    private readonly onHandlerError: WebhooksOptions['onHandlerError'],
  ) {
    this.sparingly = new Sparingly((message) => log.warn(message));
  }

  /** @returns the name of what was thrown */
  report(
    handler: EventHandler,
    event: PartneroWebhookEvent,
    attempt: number,
    error: unknown,
  ): string {
    const name = nameOf(error);
    this.sparingly.warn(`${handler.id} ${name}`, () => {
      const place = placeOf(error);
      return (
        `${handler.id} threw ${name} on the event ${event.name} ${event.id} (attempt ${attempt})` +
        `${place ? `, ${place}` : ''}. Its message isn't logged; webhooks.onHandlerError gets it.`
      );
    });
    this.tell(handler, event, attempt, error);
    return name;
  }

  private tell(
    { id: handler }: EventHandler,
    { id: eventId, name: event }: PartneroWebhookEvent,
    attempt: number,
    error: unknown,
  ): void {
    const complain = () => this.log.error('webhooks.onHandlerError threw.');
    try {
      const told: unknown = this.onHandlerError?.(error, { handler, eventId, event, attempt });
      // An async function is taken for `() => void` too.
      Promise.resolve(told).catch(complain);
    } catch {
      complain();
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

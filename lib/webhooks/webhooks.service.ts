import { ServiceUnavailableException } from '@nestjs/common';
import type { ApiCaller } from '../api/api.caller.js';
import { WebhooksResource } from '../api/webhooks/webhooks.resource.js';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { printable } from '../common/printable-log.js';
import type { ResolvedOptions } from '../partnero.options.js';
import type { PartneroWebhookEvent } from './event.model.js';
import type { Dispatched, Inbox } from './inbox.js';
import type { InboxInspector } from './inbox.inspector.js';

/** Webhooks: `partnero.webhooks`. Passes events to your handlers, and has plain calls to `/webhooks`. */
export class WebhooksService extends WebhooksResource {
  readonly #options: ResolvedOptions;
  readonly #inbox: Inbox;

  constructor(options: ResolvedOptions, calls: ApiCaller, inbox: Inbox) {
    super(calls);
    this.#options = options;
    this.#inbox = inbox;
  }

  /** The status of the events. */
  get inbox(): InboxInspector {
    return this.#inbox.inspector;
  }

  /**
   * Passes an event to the `@OnPartneroEvent()` handlers that want it. Resolves once the event is saved
   * for each of them; they get it behind the response, again if they fail, and one delivery of several.
   * Without a durable outbox (`inlineOutbox()`), they run before it resolves.
   *
   * @example
   * \@Post('webhooks/partnero')
   * \@PartneroWebhook()
   * receive(@PartneroEvent() event: PartneroWebhookEvent) {
   *   return this.partnero.webhooks.dispatch(event)
   * }
   * @throws HttpException 503 if the event can't be saved, or 500 if a handler failed that ran at once:
   * Partnero then delivers the event again
   */
  async dispatch(event: PartneroWebhookEvent): Promise<Dispatched> {
    const { name, enabled } = this.#options;
    if (event.program !== name) {
      const program = printable(event.program);
      throw new PartneroConfigurationError(
        `An event of the program '${program}' was dispatched to '${name}': inject the ` +
          `service of its own program, @InjectPartnero('${program}').`,
      );
    }
    if (enabled === false) throw new ServiceUnavailableException();
    return this.#inbox.dispatch(event);
  }
}

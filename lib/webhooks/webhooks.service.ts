import { ServiceUnavailableException } from '@nestjs/common';
import type { ApiCaller } from '../api/api.caller.js';
import { WebhooksResource } from '../api/webhooks/webhooks.resource.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import type { Dispatched } from './event.dispatcher.js';
import type { PartneroWebhookEvent } from './event.model.js';
import type { InboxInspector } from './inbox.inspector.js';
import type { WebhooksRuntime } from './webhooks.runtime.js';

/** What Partnero tells: `partnero.webhooks`. Beside the events, plain calls to `/webhooks`. */
export class WebhooksService extends WebhooksResource {
  readonly #runtime: WebhooksRuntime;

  constructor(calls: ApiCaller, runtime: WebhooksRuntime) {
    super(calls);
    this.#runtime = runtime;
  }

  /** What became of the events. */
  get inbox(): InboxInspector {
    return this.#runtime.inspector;
  }

  /**
   * Hands an event to the `@OnPartneroEvent()` handlers that want it. Resolves once it is durably kept
   * for each of them; they get it behind the response, again if they fail, and one delivery of several.
   * Without a durable outbox (`inlineOutbox()`) they are run at once.
   *
   * @example
   * \@Post('webhooks/partnero')
   * \@PartneroWebhook()
   * receive(@PartneroEvent() event: PartneroWebhookEvent) {
   *   return this.partnero.webhooks.dispatch(event)
   * }
   * @throws HttpException 503 if it can't be kept, or 500 if a handler failed that was run at once:
   * Partnero then delivers the event again
   */
  async dispatch(event: PartneroWebhookEvent): Promise<Dispatched> {
    const { program, active, handlers, dispatcher } = this.#runtime;
    if (event.program !== program) {
      throw new PartneroConfigurationError(
        `An event of the program '${event.program}' was dispatched to '${program}': inject the ` +
          `service of its own program, @InjectPartnero('${event.program}').`,
      );
    }
    if (!active) throw new ServiceUnavailableException();
    return dispatcher.dispatch(
      event,
      handlers.filter((handler) => handler.wants(event)),
    );
  }
}

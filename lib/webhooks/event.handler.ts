import { selects, type PartneroWebhookEvent } from './event.model.js';

/** A method with `@OnPartneroEvent()`, ready to be called. */
export class EventHandler {
  constructor(
    /** Stable from one deploy to the next: events wait for it under this name. */
    readonly id: string,
    private readonly selectors: ReadonlySet<string>,
    private readonly call: (event: PartneroWebhookEvent) => unknown,
  ) {}

  wants(event: PartneroWebhookEvent): boolean {
    return [...this.selectors].some((selector) => selects(selector, event));
  }

  async handle(event: PartneroWebhookEvent): Promise<void> {
    await this.call(event);
  }
}

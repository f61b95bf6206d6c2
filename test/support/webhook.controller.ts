import { Controller, Post } from '@nestjs/common';
import {
  PartneroEvent,
  PartneroService,
  PartneroWebhook,
  type PartneroWebhookEvent,
} from 'nestjs-partnero';

/** A route that dispatches every event to its handlers. */
@Controller()
export class WebhookController {
  constructor(private readonly partnero: PartneroService) {}

  @Post('hook')
  @PartneroWebhook()
  receive(@PartneroEvent() event: PartneroWebhookEvent) {
    return this.partnero.webhooks.dispatch(event);
  }
}

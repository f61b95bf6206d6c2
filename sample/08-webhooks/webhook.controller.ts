import { Controller, HttpCode, Post } from '@nestjs/common';
import {
  PartneroEvent,
  PartneroService,
  PartneroWebhook,
  type PartneroWebhookEvent,
} from 'nestjs-partnero';

/** Partnero delivers here. The route is the app's own; the decorator accepts only signed events. */
@Controller('webhooks/partnero')
export class WebhookController {
  constructor(private readonly partnero: PartneroService) {}

  /** Responds once the event is saved. Its handlers are in `commissions.ts`. */
  @Post()
  @HttpCode(200)
  @PartneroWebhook()
  receive(@PartneroEvent() event: PartneroWebhookEvent) {
    return this.partnero.webhooks.dispatch(event);
  }
}

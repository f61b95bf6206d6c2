import { Controller, HttpCode, Post } from '@nestjs/common';
import {
  PartneroEvent,
  PartneroService,
  PartneroWebhook,
  type PartneroWebhookEvent,
} from 'nestjs-partnero';

/** Where Partnero delivers. The route is the app's own; only signed events get through. */
@Controller('webhooks/partnero')
export class WebhookController {
  constructor(private readonly partnero: PartneroService) {}

  /** Answered once the event is on disk; who handles it stands in `commissions.ts`. */
  @Post()
  @HttpCode(200)
  @PartneroWebhook()
  receive(@PartneroEvent() event: PartneroWebhookEvent) {
    return this.partnero.webhooks.dispatch(event);
  }
}

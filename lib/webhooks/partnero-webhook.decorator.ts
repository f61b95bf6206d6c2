import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { DEFAULT_PROGRAM } from '../program.tokens.js';
import { PartneroWebhookGuard } from './partnero-webhook.guard.js';
import {
  PARTNERO_WEBHOOK,
  type PartneroWebhookMetadata,
  type PartneroWebhookOptions,
} from './partnero-webhook.metadata.js';

/**
 * Lets only deliveries of Partnero's webhook through to a route of yours (or to all routes of a
 * controller): those that are signed with `webhooks.secret`, or with the secret of the webhook that
 * `webhooks.ensure` made. Answers 401 to a wrong or missing signature, 400 to what is signed and no
 * event. Needs `NestFactory.create(AppModule, { rawBody: true })`.
 *
 * @example
 * \@Post('webhooks/partnero')
 * \@HttpCode(204)
 * \@PartneroWebhook()
 * async receive(@PartneroEvent() event: PartneroWebhookEvent) {
 *   await this.partnero.webhooks.dispatch(event)
 * }
 */
export function PartneroWebhook(
  options: PartneroWebhookOptions = {},
): MethodDecorator & ClassDecorator {
  const { name = DEFAULT_PROGRAM } = options;
  const metadata: PartneroWebhookMetadata = { program: name };
  return applyDecorators(SetMetadata(PARTNERO_WEBHOOK, metadata), UseGuards(PartneroWebhookGuard));
}

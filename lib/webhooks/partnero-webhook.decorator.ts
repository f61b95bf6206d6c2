import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { DEFAULT_PROGRAM } from '../program.tokens.js';
import {
  PARTNERO_WEBHOOK,
  PartneroWebhookGuard,
  type PartneroWebhookMetadata,
} from './partnero-webhook.guard.js';

/** Options of `@PartneroWebhook()`. */
export interface PartneroWebhookOptions {
  /** The program, if the app has several: the `name` given to `PartneroModule.forRoot()`. */
  readonly name?: string | undefined;
}

/**
 * Lets only deliveries of Partnero's webhook through to a route of yours (or to all routes of a
 * controller): those that are signed with `webhooks.secret`. Responds 401 to a wrong or missing
 * signature, and 400 to a signed body that holds no event. The app must keep the bytes of the body:
 * `NestFactory.create(AppModule, { rawBody: true })`.
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

import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { findProvider } from '../common/find-provider.js';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';
import { setEventOf } from './partnero-event.decorator.js';
import type { WebhookRequest } from './raw-body.js';
import { getWebhookVerifierToken, type WebhookVerifier } from './webhook.verifier.js';

/** Options of `@PartneroWebhook()`. */
export interface PartneroWebhookOptions {
  /** The program, if the app has several: the `name` given to `PartneroModule.forRoot()`. */
  readonly name?: string | undefined;
}

export const PARTNERO_WEBHOOK = 'nestjs-partnero:webhook';

/** The metadata of `@PartneroWebhook()` on a class or method. */
export interface PartneroWebhookMetadata {
  readonly program: string;
}

/** Lets only verified deliveries of Partnero's pass. `@PartneroWebhook()` uses it. */
@Injectable()
export class PartneroWebhookGuard implements CanActivate {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly reflector: Reflector,
  ) {}

  /** @throws HttpException 401, 400, or 500 and 503 if a delivery can't be verified now */
  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') {
      throw new PartneroConfigurationError('@PartneroWebhook() guards routes of HTTP only.');
    }
    const request = context.getArgByIndex<WebhookRequest>(0);
    setEventOf(request, this.verifierOf(context).verify(request));
    return true;
  }

  private verifierOf(context: ExecutionContext): WebhookVerifier {
    const metadata = this.reflector.getAllAndOverride<PartneroWebhookMetadata | undefined>(
      PARTNERO_WEBHOOK,
      [context.getHandler(), context.getClass()],
    );
    const verifier = findProvider(this.moduleRef, getWebhookVerifierToken(metadata?.program));
    if (verifier) return verifier as WebhookVerifier;
    throw new PartneroConfigurationError(
      'A route has @PartneroWebhook(), but the app has no PartneroModule of that program: import ' +
        'PartneroModule.forRoot().',
    );
  }
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

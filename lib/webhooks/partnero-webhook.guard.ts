import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { webhooksToken } from '../program.tokens.js';
import { setEventOf } from './event-of-request.js';
import { PARTNERO_WEBHOOK, type PartneroWebhookMetadata } from './partnero-webhook.metadata.js';
import type { IncomingDelivery } from './raw-body.js';
import type { WebhooksRuntime } from './webhooks.runtime.js';

/** Lets a request pass only as a delivery of Partnero's. Put on by `@PartneroWebhook()`. */
@Injectable()
export class PartneroWebhookGuard implements CanActivate {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly reflector: Reflector,
  ) {}

  /** @throws HttpException 401, 400, or 500 and 503 where a delivery can't be judged now */
  canActivate(context: ExecutionContext): boolean {
    const webhooks = this.webhooksOf(context);
    if (context.getType() !== 'http') {
      throw new PartneroConfigurationError('@PartneroWebhook() guards routes of HTTP only.');
    }
    const request = context.getArgByIndex<IncomingDelivery>(0);
    setEventOf(request, webhooks.receiver.receive(request));
    return true;
  }

  private webhooksOf(context: ExecutionContext): WebhooksRuntime {
    const targets = [context.getHandler(), context.getClass()];
    const metadata = this.reflector.getAllAndOverride<PartneroWebhookMetadata | undefined>(
      PARTNERO_WEBHOOK,
      targets,
    );
    const token = webhooksToken(metadata?.program);
    try {
      return this.moduleRef.get<WebhooksRuntime>(token, { strict: false });
    } catch {
      throw new PartneroConfigurationError(
        'A route has @PartneroWebhook(), but the app has no PartneroModule of that program: ' +
          'import PartneroModule.forRoot().',
      );
    }
  }
}

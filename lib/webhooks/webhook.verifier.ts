import {
  BadRequestException,
  InternalServerErrorException,
  ServiceUnavailableException,
  UnauthorizedException,
  type OnModuleInit,
} from '@nestjs/common';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { ThrottledLogger } from '../common/throttled-logger.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import type { ResolvedOptions } from '../partnero.options.js';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';
import type { PartneroWebhookEvent } from './event.model.js';
import { rawBodyAdvice, rawBodyOf, type WebhookRequest } from './raw-body.js';
import { readEvent } from './read-event.js';
import { isSignedWithAny, readSignature } from './signature.js';
import type { WebhookDiscovery } from './webhook.discovery.js';

/** The token of the {@link WebhookVerifier} that `@PartneroWebhook()` uses. For tests that override it. */
export function getWebhookVerifierToken(name: string = DEFAULT_PROGRAM): string {
  return `nestjs-partnero:webhook-verifier:${name}`;
}

/** Verifies the signature of a delivery and reads its event. */
export class WebhookVerifier implements OnModuleInit {
  private readonly throttled: ThrottledLogger;

  constructor(
    private readonly options: Pick<ResolvedOptions, 'name' | 'enabled' | 'webhooks'>,
    private readonly app: Pick<WebhookDiscovery, 'routesOf'>,
    log: OutboxLog,
  ) {
    this.throttled = new ThrottledLogger((message) => log.warn(message));
  }

  /** @throws PartneroConfigurationError if there is a route, but no secret to verify with */
  onModuleInit(): void {
    const { name, enabled, webhooks } = this.options;
    const [route] = this.app.routesOf(name);
    if (enabled !== false && route !== undefined && webhooks.secrets.length === 0) {
      throw noSecret(route, name);
    }
  }

  /** @throws HttpException that says no more than its status; the log says why */
  verify(request: WebhookRequest): PartneroWebhookEvent {
    const { name, enabled, webhooks } = this.options;
    if (enabled === false) throw new ServiceUnavailableException();
    const signature = readSignature(request.headers?.[webhooks.header]);
    if (!signature) {
      this.logRefused(`no signature in the header ${webhooks.header}`);
      throw new UnauthorizedException();
    }
    const bytes = this.bytesOf(request);
    if (!isSignedWithAny(webhooks.secrets, bytes, signature)) {
      this.logRefused(MISMATCH);
      throw new UnauthorizedException();
    }
    const event = readEvent(bytes, name);
    if (event && this.isRecent(event)) return event;
    this.logRefused(
      event
        ? 'it is older than webhooks.toleranceSeconds, or has no time'
        : 'it is signed, but holds no event',
    );
    throw new BadRequestException();
  }

  private bytesOf(request: WebhookRequest): Uint8Array {
    const body = rawBodyOf(request);
    if (body.type === 'bytes') return body.bytes;
    if (body.type === 'none') return new Uint8Array();
    this.throttled.warn('raw body', () => `${RAW_BODY_LOST} ${rawBodyAdvice(request)} ${TRY_IT}`);
    throw new InternalServerErrorException();
  }

  private isRecent({ createdAt }: PartneroWebhookEvent): boolean {
    const { toleranceMs } = this.options.webhooks;
    if (toleranceMs === Infinity) return true;
    return createdAt !== null && Math.abs(Date.now() - createdAt.getTime()) <= toleranceMs;
  }

  private logRefused(why: string): void {
    this.throttled.warn(why, () => `A delivery was refused: ${why}.`);
  }
}

const MISMATCH =
  'its signature is not that of its body. If it came from Partnero, compare webhooks.secret with the ' +
  "webhook's signature there, and make sure that no proxy changes the body";

const RAW_BODY_LOST =
  "A delivery can't be verified: a body parser read it, and the bytes that Partnero signed weren't kept.";

const TRY_IT = 'To try it, run npx nestjs-partnero webhooks test --url <address of the route>.';

function noSecret(route: string, program: string): PartneroConfigurationError {
  const fromEnvironment = program === DEFAULT_PROGRAM ? 'PARTNERO_WEBHOOK_SECRET, or ' : '';
  return new PartneroConfigurationError(
    `${route} has @PartneroWebhook(), but there is no secret to verify deliveries with. Set ` +
      `${fromEnvironment}the option webhooks.secret: in Partnero, it is the webhook's signature. ` +
      'npx nestjs-partnero webhooks ensure creates the webhook and prints its secret. If Partnero is ' +
      'not to be used at all, set enabled: false.',
  );
}

import {
  BadRequestException,
  InternalServerErrorException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import type { PartneroWebhookEvent } from './event.model.js';
import { rawBodyOf, type IncomingDelivery } from './raw-body.js';
import { readEvent } from './read-event.js';
import { isSignedWithAny, readSignature } from './signature.js';
import type { ThrottledLogger } from '../throttled-logger.js';
import type { WebhookSecret } from './webhook.secret.js';

/** Secrets that come from Partnero, once it has told them. */
export interface SecretSource {
  readonly secrets: readonly WebhookSecret[];
  /** Whether they are known yet. */
  readonly isReady: boolean;
  /** Something came that isn't signed with any: perhaps there are new ones. */
  noticeMismatch(): void;
}

export interface ReceiverSettings {
  readonly program: string;
  /** False: nothing is taken. */
  readonly active: boolean;
  readonly secrets: readonly WebhookSecret[];
  readonly header: string;
  readonly toleranceMs: number;
}

/** From a request to a verified event. Answers nothing but yes or an HTTP error. */
export class WebhookReceiver {
  constructor(
    private readonly settings: ReceiverSettings,
    private readonly source: SecretSource | null,
    private readonly throttled: ThrottledLogger,
  ) {}

  /** @throws HttpException that says no more than its status */
  receive(request: IncomingDelivery): PartneroWebhookEvent {
    const { active, header, program } = this.settings;
    if (!active) throw new ServiceUnavailableException();
    const signature = readSignature(request.headers?.[header]);
    if (!signature) throw this.unsigned();
    const bytes = this.bytesOf(request);
    if (!this.isSigned(bytes, signature)) throw this.mismatch();
    const event = readEvent(bytes, program);
    if (!event || !this.isRecent(event)) throw this.noEvent(event);
    return event;
  }

  private bytesOf(request: IncomingDelivery): Uint8Array {
    const body = rawBodyOf(request);
    switch (body.type) {
      case 'bytes':
        return body.bytes;
      case 'none':
        return new Uint8Array();
      case 'lost':
        this.throttled.warn('raw body', () => RAW_BODY_LOST);
        throw new InternalServerErrorException();
    }
  }

  private isSigned(bytes: Uint8Array, signature: Uint8Array): boolean {
    const secrets = [...this.settings.secrets, ...(this.source?.secrets ?? [])];
    return isSignedWithAny(secrets, bytes, signature);
  }

  private isRecent({ createdAt }: PartneroWebhookEvent): boolean {
    const { toleranceMs } = this.settings;
    if (toleranceMs === Infinity) return true;
    return createdAt !== null && Math.abs(Date.now() - createdAt.getTime()) <= toleranceMs;
  }

  private unsigned(): UnauthorizedException {
    this.throttled.warn(
      'unsigned',
      () => `A delivery was refused: no signature in the header ${this.settings.header}.`,
    );
    return new UnauthorizedException();
  }

  private mismatch(): UnauthorizedException | ServiceUnavailableException {
    const { source } = this;
    source?.noticeMismatch();
    // It may well be right: Partnero hasn't told the secret yet.
    if (source && !source.isReady) return new ServiceUnavailableException();
    this.throttled.warn(
      'mismatch',
      () =>
        'A delivery was refused: its signature is not that of its body. If it came from Partnero, ' +
        "compare webhooks.secret with the webhook's signature there, and make sure that nothing on " +
        'the way changes the body.',
    );
    return new UnauthorizedException();
  }

  private noEvent(event: PartneroWebhookEvent | null): BadRequestException {
    this.throttled.warn('no event', () =>
      event
        ? 'A delivery was refused: it is older than webhooks.toleranceSeconds, or says no time.'
        : 'A delivery was refused: it is signed, but holds no event.',
    );
    return new BadRequestException();
  }
}

const RAW_BODY_LOST =
  "A delivery can't be verified: the bytes that were signed are gone. Create the app with " +
  'NestFactory.create(AppModule, { rawBody: true }), and let no other parser read the body first.';

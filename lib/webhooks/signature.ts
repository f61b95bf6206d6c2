import { createHmac, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

const SIGNATURE = /^[0-9a-f]{64}$/i;

/** The secret of a webhook. Doesn't show itself: not when printed, inspected or written as JSON. */
export class WebhookSecret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** HMAC-SHA256, as Partnero signs the body of a delivery. */
  sign(bytes: Uint8Array): Buffer {
    return createHmac('sha256', this.#value).update(bytes).digest();
  }

  toString(): string {
    return '[webhook secret]';
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** The bytes of a signature header; `null` for anything that can't be one, such as a list of headers. */
export function readSignature(header: unknown): Uint8Array | null {
  return typeof header === 'string' && SIGNATURE.test(header) ? Buffer.from(header, 'hex') : null;
}

/** Takes the same time for a wrong signature as for a right one, whichever secret it was made with. */
export function isSignedWithAny(
  secrets: readonly WebhookSecret[],
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  const matches = secrets.map((secret) => timingSafeEqual(secret.sign(bytes), signature));
  return matches.includes(true);
}

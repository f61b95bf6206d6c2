import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../common/secret.js';

const SIGNATURE = /^[0-9a-f]{64}$/i;

/** HMAC-SHA256, as Partnero signs the body of a delivery. */
export function sign(bytes: Uint8Array, secret: Secret): Buffer {
  return createHmac('sha256', secret.reveal()).update(bytes).digest();
}

/** The bytes of a signature header; `null` for anything that can't be one, such as a list of headers. */
export function readSignature(header: unknown): Uint8Array | null {
  return typeof header === 'string' && SIGNATURE.test(header) ? Buffer.from(header, 'hex') : null;
}

/** Takes the same time for a wrong signature as for a right one, whichever secret it was made with. */
export function isSignedWithAny(
  secrets: readonly Secret[],
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  const matches = secrets.map((secret) => timingSafeEqual(sign(bytes, secret), signature));
  return matches.includes(true);
}

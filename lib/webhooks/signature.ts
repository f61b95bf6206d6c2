import type { WebhookSecret } from './webhook.secret.js';

const HEX_DIGITS = 64;
const HEX = /^[0-9a-f]+$/i;

/** The bytes of a signature header; `null` for whatever can't be one, a list of headers included. */
export function readSignature(header: unknown): Uint8Array | null {
  if (typeof header !== 'string' || header.length !== HEX_DIGITS || !HEX.test(header)) return null;
  return Buffer.from(header, 'hex');
}

/** Every secret is tried, so that the time it takes doesn't tell which one came close. */
export function isSignedWithAny(
  secrets: readonly WebhookSecret[],
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  let found = false;
  for (const secret of secrets) found = secret.matches(bytes, signature) || found;
  return found;
}

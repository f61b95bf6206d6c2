import { createHmac } from 'node:crypto';

/**
 * The signature that Partnero puts into the header `Signature` of a delivery: HMAC-SHA256 over the
 * body, in hex.
 *
 * @example
 * const body = JSON.stringify({ event: 'partner.created', data: { id: 'p1' } })
 * await fetch(url, {
 *   method: 'POST',
 *   headers: { 'content-type': 'application/json', signature: signPartneroEvent(body, secret) },
 *   body,
 * })
 */
export function signPartneroEvent(body: string | Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

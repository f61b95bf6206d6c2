import { headerOf, textOf } from '../request-fields.js';
import type { ResolvedCaptureOptions } from './capture.options.js';

const DAY_SECONDS = 86_400;
const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' };

/** What a cookie is written with. */
export type CookieAttributes = ReturnType<typeof cookieAttributes>;

/** What the options make of a cookie in the answer to this request. */
export function cookieAttributes(request: unknown, options: ResolvedCaptureOptions) {
  const { domain, path, maxAgeDays } = options;
  const secure = options.secure === 'auto' ? cameOverHttps(request) : options.secure;
  // Without Secure, browsers drop a cookie for other sites' frames.
  const sameSite = options.sameSite === 'none' && !secure ? 'lax' : options.sameSite;
  return { maxAgeSeconds: maxAgeDays * DAY_SECONDS, domain, path, secure, sameSite };
}

/**
 * The value of a `Set-Cookie` header. Percent-encoded, as scripts read it with `decodeURIComponent`;
 * and without `HttpOnly`: Partnero's own script reads this cookie.
 */
export function setCookie(name: string, value: string, attributes: CookieAttributes): string {
  const { maxAgeSeconds, domain, path, secure, sameSite } = attributes;
  return [
    `${name}=${encodeURIComponent(value)}`,
    `Max-Age=${maxAgeSeconds}`,
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    `Path=${path}`,
    ...(secure ? ['Secure'] : []),
    `SameSite=${SAME_SITE[sameSite]}`,
  ].join('; ');
}

/** Takes a cookie back; name, domain and path must be those that it was written with. */
export function expiredCookie(name: string, attributes: CookieAttributes): string {
  return setCookie(name, '', { ...attributes, maxAgeSeconds: 0 });
}

/** A visitor who forges these headers gets their own cookie with, or without, `Secure`. */
function cameOverHttps(request: unknown): boolean {
  const { socket } = request as { socket?: { encrypted?: boolean } };
  if (socket?.encrypted === true || textOf(request, 'protocol') === 'https') return true;
  const [protocol] = headerOf(request, 'x-forwarded-proto')?.split(',') ?? [];
  if (protocol !== undefined) return protocol.trim().toLowerCase() === 'https';
  return /^[^,]*\bproto="?https\b/i.test(headerOf(request, 'forwarded') ?? '');
}

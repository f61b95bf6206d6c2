import { headerOf, textOf } from '../request-fields.js';
import type { ResolvedCaptureOptions } from './capture.options.js';
import type { CookieAttributes } from './set-cookie.js';

const DAY_SECONDS = 86_400;

/** What the options make of a cookie in the answer to this request. */
export function cookieAttributes(
  request: unknown,
  options: ResolvedCaptureOptions,
): CookieAttributes {
  const { domain, path, maxAgeDays } = options;
  const secure = options.secure === 'auto' ? cameOverHttps(request) : options.secure;
  // Without Secure, browsers drop a cookie for other sites' frames.
  const sameSite = options.sameSite === 'none' && !secure ? 'lax' : options.sameSite;
  return { maxAgeSeconds: maxAgeDays * DAY_SECONDS, domain, path, secure, sameSite };
}

/** A visitor who forges these headers gets their own cookie with, or without, `Secure`. */
function cameOverHttps(request: unknown): boolean {
  const { socket } = request as { socket?: { encrypted?: boolean } };
  if (socket?.encrypted === true || textOf(request, 'protocol') === 'https') return true;
  const [protocol] = headerOf(request, 'x-forwarded-proto')?.split(',') ?? [];
  if (protocol !== undefined) return protocol.trim().toLowerCase() === 'https';
  return /^[^,]*\bproto="?https\b/i.test(headerOf(request, 'forwarded') ?? '');
}

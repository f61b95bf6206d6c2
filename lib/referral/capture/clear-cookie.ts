import { nodeResponse } from '../../common/node-response.js';
import { cookieValues } from '../cookie.js';
import type { ResolvedReferralOptions } from '../referral.options.js';
import { headerOf } from '../request-fields.js';
import { beforeHeaders } from './before-headers.js';
import { addCookies, cookiesOf } from './response-cookies.js';
import { cookieAttributes, expiredCookie } from './set-cookie.js';
import { keepFromSharedCaches } from './shared-caches.js';

/**
 * Takes the visitor's cookie back with this response, if `isDone` says so of the status that it
 * leaves with. Never throws.
 */
export function clearCookie(
  request: unknown,
  response: unknown,
  options: ResolvedReferralOptions,
  isDone: (status: number) => boolean,
): void {
  const raw = nodeResponse(response);
  if (!raw) return;
  const { cookie: name, capture } = options;
  beforeHeaders(raw, (status) => {
    const has = cookieValues(headerOf(request, 'cookie') ?? '', name).length > 0;
    // Captured by this very response.
    const gets = cookiesOf(raw).some((cookie) => cookie.startsWith(`${name}=`));
    if ((!has && !gets) || !isDone(status)) return;
    const attributes = cookieAttributes(request, capture);
    const domains = new Set([undefined, capture.domain]);
    addCookies(
      raw,
      [...domains].map((domain) => expiredCookie(name, { ...attributes, domain })),
    );
    keepFromSharedCaches(raw);
  });
}

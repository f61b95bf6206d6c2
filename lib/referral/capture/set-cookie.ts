/** What a cookie is written with. */
export interface CookieAttributes {
  readonly maxAgeSeconds: number;
  readonly domain: string | undefined;
  readonly path: string;
  readonly secure: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
}

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' };

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

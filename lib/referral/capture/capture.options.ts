import { domainToASCII } from 'node:url';
import type { IncomingMessage } from 'node:http';
import { OptionCheck } from '../../common/option-check.js';

/** How the key of a partner's link is saved in a cookie, on the page that the link leads to. */
export interface CaptureOptions {
  /**
   * The domain whose hosts all get the cookie, such as `example.com` for www, app and api. Default:
   * only the host of the landing page.
   */
  domain?: string | undefined;
  /**
   * How long the cookie lives, counted from the last time the visitor came by a link. Set it to the
   * cookie lifetime of your program at Partnero. Days, 1 to 400; default 30.
   */
  maxAgeDays?: number | undefined;
  /** Default `'/'`. */
  path?: string | undefined;
  /**
   * Whether the cookie is sent over HTTPS only. `'auto'`: where the request came over HTTPS, also by
   * what a proxy says in `X-Forwarded-Proto`. Default `'auto'`.
   */
  secure?: boolean | 'auto' | undefined;
  /**
   * Default `'lax'`. With `'strict'`, browsers don't send the cookie when a social login returns. `'none'`
   * needs `secure`; browsers then send the cookie with requests from other sites too.
   */
  sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /**
   * Which link counts if a visitor comes through links of several partners. `'last'`: each link replaces
   * the one before. `'first'`: the first one counts as long as its cookie lives. Default `'last'`.
   */
  touch?: 'last' | 'first' | undefined;
  /**
   * Called before a cookie is set, with the request as middleware receives it; on Fastify, Node.js's own.
   * Only `true` counts as consent. The page doesn't wait for a promise: if it is still pending when the
   * headers are sent, no cookie is set. Default: no consent is needed.
   */
  consent?:
    ((request: IncomingMessage) => boolean | undefined | Promise<boolean | undefined>) | undefined;
}

/** {@link CaptureOptions}, checked and with defaults. */
export type ResolvedCaptureOptions = Readonly<ReturnType<typeof resolveCaptureOptions>>;

const KNOWN = ['domain', 'maxAgeDays', 'path', 'secure', 'sameSite', 'touch', 'consent'];

/** @throws PartneroConfigurationError naming the option */
export function resolveCaptureOptions(given: CaptureOptions | undefined) {
  const check = new OptionCheck(given, 'referral.capture', KNOWN);
  const path = check.string('path', '/');
  if (!/^\/[\x21-\x3a\x3c-\x7e]*$/.test(path)) {
    throw check.refuse('path', path, 'a path that begins with a slash');
  }
  const secure = check.oneOf<boolean | 'auto'>('secure', ['auto', true, false], 'auto');
  const sameSite = check.oneOf('sameSite', ['lax', 'strict', 'none'] as const, 'lax');
  if (sameSite === 'none' && secure === false) {
    throw check.refuse('secure', secure, "true or 'auto', because sameSite is 'none'");
  }
  return {
    domain: domainFrom(check),
    // No browser keeps a cookie for longer than 400 days.
    maxAgeDays: check.integer('maxAgeDays', 30, { min: 1, max: 400 }),
    path,
    secure,
    sameSite,
    touch: check.oneOf('touch', ['last', 'first'] as const, 'last'),
    consent: check.function('consent', given?.consent),
  };
}

/** Browsers take a dot before it, and drop a cookie whose domain is no name of a domain. */
function domainFrom(check: OptionCheck): string | undefined {
  const given = check.string('domain');
  if (given === undefined) return undefined;
  // An address would be cut to its host.
  const domain = /[/\\?#@:]/.test(given) ? '' : domainToASCII(given.trim().replace(/^\./, ''));
  if (!/^[\w-]+(\.[\w-]+)+$/.test(domain) || /^[\d.]+$/.test(domain)) {
    throw check.refuse('domain', given, 'a domain such as example.com; leave it out on localhost');
  }
  return domain;
}

import type { IncomingMessage } from 'node:http';
import { describeThrown } from '../../common/describe-thrown.js';
import { nodeResponse } from '../../common/node-response.js';
import type { ThrottledLogger } from '../../common/throttled-logger.js';
import { describeRefusal } from '../referral-key.js';
import { ReferralReader, type OnRefusedKey } from '../referral-reader.js';
import type { ResolvedReferralOptions } from '../referral.options.js';
import { headerOf } from '../request-fields.js';
import { beforeHeaders } from './before-headers.js';
import { isLanding } from './landing.js';
import { addCookies } from './response-cookies.js';
import { cookieAttributes, expiredCookie, setCookie } from './set-cookie.js';
import { keepFromSharedCaches } from './shared-caches.js';

/** A function for `app.use()`. */
export type CaptureFunction = (request: unknown, response: unknown, next: () => void) => void;

/** May yet be given, as long as the headers haven't left. */
interface Consent {
  given: boolean;
}

/** Keeps the key of a partner's link in a cookie of the page where the link leads. */
export class ReferralCapture {
  private readonly reader: ReferralReader;
  private inUse = false;

  constructor(
    private readonly options: ResolvedReferralOptions,
    private readonly once: ThrottledLogger,
  ) {
    this.reader = new ReferralReader(options);
  }

  /** Whether the app has made a middleware of it. */
  get isInUse(): boolean {
    return this.inUse;
  }

  /** Never throws, and never waits. */
  toMiddleware(): CaptureFunction {
    this.inUse = true;
    return (request, response, next) => {
      try {
        this.capture(request, response);
      } catch (error) {
        // Whatever a framework's own getters throw.
        this.once.warn(
          'failed',
          () => `Capturing a link ${describeThrown(error)}; the page went on.`,
        );
      }
      next();
    };
  }

  private capture(request: unknown, response: unknown): void {
    const raw = nodeResponse(response);
    if (!raw || !isLanding(request)) return;
    const key = this.reader.fromSource(request, 'query', this.onRefused)?.key;
    if (key === undefined) return;
    const consent = this.isWanted(request) ? this.askConsent(request) : { given: false };
    const cookies = this.cookiesFor(request, key);
    beforeHeaders(raw, () => {
      // Even where no cookie is set: the next visitor who comes by this link may need one.
      keepFromSharedCaches(raw);
      if (!consent.given) return;
      addCookies(raw, cookies);
      this.explain(request, cookies);
    });
  }

  private readonly onRefused: OnRefusedKey = (_, why) =>
    this.once.warn(
      `key ${why}`,
      () => `A referral key in a link was not captured: ${describeRefusal(why)}. Said once.`,
    );

  /** The same key again is wanted, too: the cookie's life counts from the last click. */
  private isWanted(request: unknown): boolean {
    return this.options.capture.touch === 'last' || !this.reader.fromSource(request, 'cookie');
  }

  private askConsent(request: unknown): Consent {
    const { consent: ask } = this.options.capture;
    const consent = { given: ask === undefined };
    if (!ask) return consent;
    try {
      const answer: unknown = ask(request as IncomingMessage);
      if (answer === true) consent.given = true;
      else if (answer) {
        Promise.resolve(answer).then(
          (later) => this.note(consent, later),
          (error: unknown) => this.noConsent(describeThrown(error)),
        );
      }
    } catch (error) {
      this.noConsent(describeThrown(error));
    }
    return consent;
  }

  private note(consent: Consent, answer: unknown): void {
    if (answer === true) consent.given = true;
    else if (answer) this.noConsent(`answered with a ${typeof answer}, which is not true`);
  }

  private noConsent(why: string): void {
    const message = `referral.capture.consent ${why}: no cookie was written. Said once.`;
    this.once.warn(`consent ${why}`, () => message);
  }

  private cookiesFor(request: unknown, key: string): string[] {
    const { cookie: name, capture } = this.options;
    const attributes = cookieAttributes(request, capture);
    const cookie = setCookie(name, key, attributes);
    const before = this.reader.fromSource(request, 'cookie')?.key ?? key;
    if (capture.domain === undefined || before === key) return [cookie];
    // One of this host alone, as scripts write it, would be sent beside it, and might be read first.
    return [expiredCookie(name, { ...attributes, domain: undefined }), cookie];
  }

  /** What a developer should know who doesn't find the cookie. */
  private explain(request: unknown, cookies: readonly string[]): void {
    const { cookie: name, capture } = this.options;
    if (capture.secure === 'auto' && !cookies.at(-1)!.includes('; Secure')) {
      this.once.warn(
        'secure',
        () =>
          `The cookie ${name} is written without Secure, since the request came over plain HTTP. If ` +
          'a proxy ends TLS before this app, let it send X-Forwarded-Proto. Said once.',
      );
    }
    const { domain } = capture;
    if (domain !== undefined && !isWithin(request, domain)) {
      this.once.warn(
        'domain',
        () =>
          `The cookie ${name} is written for ${domain} (referral.capture.domain), but the request ` +
          'came to another host, where browsers refuse it. Said once.',
      );
    }
  }
}

/** By any name that the host is given: a proxy may call this app by one of its own. */
function isWithin(request: unknown, domain: string): boolean {
  const names = ['host', 'x-forwarded-host', ':authority'].map((name) => headerOf(request, name));
  const hosts = names.flatMap((name) => name?.split(',') ?? []);
  return hosts.some((host) =>
    `.${host.trim().toLowerCase().replace(/:\d+$/, '')}`.endsWith(`.${domain}`),
  );
}

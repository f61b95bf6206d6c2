import { OptionCheck } from '../common/option-check.js';
import { resolveCaptureOptions, type CaptureOptions } from './capture/capture.options.js';

/** A place in a request where the partner's key may stand. */
export type ReferralSource = 'query' | 'header' | 'body' | 'cookie';

const SOURCES: readonly ReferralSource[] = ['query', 'header', 'body', 'cookie'];

/** What kind of program the API key belongs to. One key, one program. */
export type ProgramType = 'affiliate' | 'refer-a-friend';

/** Where the key of the referring partner (or customer) is looked for. */
export interface ReferralOptions {
  /**
   * Asked first, with the request of the adapter in use. What it returns is checked like any other
   * key; `null` or `undefined` means: look at the `sources`. If it throws, one warning, and the
   * sources are asked.
   */
  resolve?:
    | ((request: unknown) => string | null | undefined | Promise<string | null | undefined>)
    | undefined;
  /**
   * Asked in this order, the first match wins. Default `['query', 'cookie']`, with `'header'` and
   * `'body'` between them where `header` or `bodyField` is given.
   */
  sources?: ReferralSource[] | undefined;
  /**
   * Names of the link's query parameter, asked in this order. Set per program in Partnero's
   * dashboard. Default `['aff']`, in a refer-a-friend program `['ref']`.
   */
  params?: string[] | undefined;
  /** Default `'partnero_partner'`, in a refer-a-friend program `'partnero_referral'`. */
  cookie?: string | undefined;
  /** A header that carries the key, for apps and single-page front ends. No default. */
  header?: string | undefined;
  /** A field of the body that carries the key; read before any pipe. No default. */
  bodyField?: string | undefined;
  /** A longer key is refused with a warning, never cut. Characters; default 255. */
  maxLength?: number | undefined;
  /** How `captureReferrals()` and `ReferralCaptureMiddleware` save a link's key. */
  capture?: CaptureOptions | undefined;
  /**
   * Delete the cookie in the response to a sign-up whose attribution is saved. Otherwise the next account
   * that is created in that browser is attributed too. Default `false`.
   */
  clearCookie?: boolean | undefined;
}

/** {@link ReferralOptions}, checked and with defaults. */
export type ResolvedReferralOptions = Readonly<ReturnType<typeof resolveReferralOptions>>;

/** @throws PartneroConfigurationError naming the option */
export function resolveReferralOptions(given: ReferralOptions | undefined, program: ProgramType) {
  const check = new OptionCheck(given, 'referral', [
    'resolve',
    'sources',
    'params',
    'cookie',
    'header',
    'bodyField',
    'maxLength',
    'capture',
    'clearCookie',
  ]);
  const header = check.string('header')?.toLowerCase();
  const bodyField = check.string('bodyField');
  const sources = check.someOf('sources', SOURCES, [
    'query',
    ...(header ? (['header'] as const) : []),
    ...(bodyField ? (['body'] as const) : []),
    'cookie',
  ]);
  requireBoth(check, sources, 'header', 'header', header);
  requireBoth(check, sources, 'body', 'bodyField', bodyField);
  return {
    program,
    resolve: check.function('resolve', given?.resolve),
    sources,
    params: check.strings('params', program === 'affiliate' ? ['aff'] : ['ref']),
    cookie: cookieName(check, program),
    header,
    bodyField,
    maxLength: check.integer('maxLength', 255, { min: 1, max: 4096 }),
    capture: resolveCaptureOptions(given?.capture),
    clearCookie: check.boolean('clearCookie') ?? false,
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1 */
function cookieName(check: OptionCheck, program: ProgramType): string {
  const fallback = program === 'affiliate' ? 'partnero_partner' : 'partnero_referral';
  const name = check.string('cookie', fallback);
  if (/^[!#$%&'*+\-.^_`|~\w]+$/.test(name)) return name;
  throw check.refuse('cookie', name, 'a name that a cookie may have (no blank, "=", ";" or ",")');
}

function requireBoth(
  check: OptionCheck,
  sources: readonly ReferralSource[],
  source: ReferralSource,
  option: string,
  value: string | undefined,
): void {
  const asked = sources.includes(source);
  if (asked && value === undefined) {
    throw check.refuse(option, value, `given, because sources ask '${source}'`);
  }
  if (!asked && value !== undefined) {
    throw check.refuse('sources', sources, `made to hold '${source}', because ${option} is given`);
  }
}

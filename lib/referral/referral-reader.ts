import { cookieValues } from './cookie.js';
import type { Referral, ReferralOrigin } from './referral.js';
import { checkKey, type KeyRefusal } from './referral-key.js';
import { fromToken, toToken } from './referral-token.js';
import type { ReferralSource, ResolvedReferralOptions } from './referral.options.js';
import { bodyFieldOf, hasHeaders, headerOf, queryOf } from './request-fields.js';

/** Headers of a request may have a `key`, too. */
const REQUEST_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'cookie',
  'user-agent',
  ':authority',
]);

/** Called for each value in the place of a key that isn't one; never with the value itself. */
export type OnRefusedKey = (source: ReferralOrigin, why: KeyRefusal) => void;

/** Pure reading: a request, a token or a key in; who sent this visitor out. */
export class ReferralReader {
  constructor(private readonly options: ResolvedReferralOptions) {}

  /** The sources of a request in their order. Doesn't ask the `resolve` option. */
  fromRequest(request: unknown, onRefused?: OnRefusedKey): Referral | null {
    for (const source of this.options.sources) {
      const referral = this.fromSource(request, source, onRefused);
      if (referral) return referral;
    }
    return null;
  }

  /** One source, whether or not it is among those of the options. */
  fromSource(request: unknown, source: ReferralSource, onRefused?: OnRefusedKey): Referral | null {
    for (const value of this.valuesOf(request, source)) {
      const referral = this.check(value, source, onRefused);
      if (referral) return referral;
    }
    return null;
  }

  /** Text: a token. An object with headers: a request. Headers themselves. An object with `key`. */
  fromAny(input: unknown, onRefused?: OnRefusedKey): Referral | null {
    if (typeof input === 'string') {
      return this.check(fromToken(input, this.options.program), 'token', onRefused);
    }
    if (typeof input !== 'object' || input === null) return null;
    if (hasHeaders(input)) return this.fromRequest(input, onRefused);
    const isGiven = !Object.keys(input).some((name) => REQUEST_HEADERS.has(name.toLowerCase()));
    if (isGiven && 'key' in input && typeof input.key === 'string') {
      return this.check(input.key, 'given', onRefused);
    }
    return this.fromRequest({ headers: input }, onRefused);
  }

  check(value: unknown, source: ReferralOrigin, onRefused?: OnRefusedKey): Referral | null {
    const checked = checkKey(value, this.options.maxLength);
    if (checked === null) return null;
    if ('refused' in checked) {
      onRefused?.(source, checked.refused);
      return null;
    }
    const { program } = this.options;
    return { key: checked.key, source, toToken: () => toToken(checked.key, program) };
  }

  private valuesOf(request: unknown, source: ReferralSource): (string | undefined)[] {
    const { params, header, bodyField, cookie } = this.options;
    switch (source) {
      case 'query':
        return params.map((name) => queryOf(request, name));
      case 'header':
        return header ? [headerOf(request, header)] : [];
      case 'body':
        return bodyField ? [bodyFieldOf(request, bodyField)] : [];
      case 'cookie':
        return cookieValues(headerOf(request, 'cookie') ?? '', cookie);
    }
  }
}

/** The name of a program that wasn't given one. */
export const DEFAULT_PROGRAM = 'default';

/** Provided by every PartneroModule, so that its absence can be told from a mistyped name. */
export const PARTNERO_MODULE_PRESENT = 'nestjs-partnero:present';

/** Everything behind a program. */
export function runtimeToken(program: string): string {
  return `nestjs-partnero:runtime:${program}`;
}

/** Where the interceptor and `@Referral()` find what they need of a program. */
export function attributionToken(program: string): string {
  return ATTRIBUTION_PREFIX + program;
}

/** Where the middleware finds what captures for a program. */
export function captureToken(program: string): string {
  return `nestjs-partnero:capture:${program}`;
}

/** The program behind a token of `attributionToken`; `undefined` for any other. */
export function programOfToken(token: unknown): string | undefined {
  return typeof token === 'string' && token.startsWith(ATTRIBUTION_PREFIX)
    ? token.slice(ATTRIBUTION_PREFIX.length)
    : undefined;
}

const ATTRIBUTION_PREFIX = 'nestjs-partnero:attribution:';

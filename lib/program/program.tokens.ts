/** The name of a program that wasn't given one. */
export const DEFAULT_PROGRAM = 'default';

/** Provided by every PartneroModule, so that its absence can be distinguished from a mistyped name. */
export const PARTNERO_MODULE_PRESENT = 'nestjs-partnero:present';

const ATTRIBUTION = 'attribution';

/**
 * The tokens of the providers behind a program, for tests that override one.
 *
 * @param program default: the program without a name
 * @example
 * const { calls } = getPartneroTokens()
 * Test.createTestingModule({ imports: [AppModule] }).overrideProvider(calls).useValue({ send })
 */
export function getPartneroTokens(program = DEFAULT_PROGRAM) {
  const token = (part: string) => `nestjs-partnero:${part}:${program}`;
  return {
    options: token('options'),
    log: token('log'),
    /** Runs background work in the async context of the app's start. */
    inAppContext: token('in-app-context'),
    /** A `HttpService` of our own, or its axios instance alone: `{ axiosRef }`. */
    http: token('http'),
    /** Makes one attempt a call: deliveries have a backoff of their own. */
    client: token('client'),
    /** For the app's own calls: repeats what is safe to repeat. */
    calls: token('calls'),
    outbox: token('outbox'),
    handlers: token('handlers'),
    reporter: token('reporter'),
    delivery: token('delivery'),
    submissions: token('submissions'),
    sales: token('sales'),
    erasures: token('erasures'),
    inspector: token('inspector'),
    lifecycle: token('lifecycle'),
    /** Where the interceptor and `@Referral()` find what they need of a program. */
    attribution: token(ATTRIBUTION),
    /** Where the middleware finds what captures for a program. */
    capture: token('capture'),
  };
}

/** The program behind a token of its attribution; `undefined` for any other. */
export function programOfAttributionToken(token: unknown): string | undefined {
  const prefix = `nestjs-partnero:${ATTRIBUTION}:`;
  return typeof token === 'string' && token.startsWith(prefix)
    ? token.slice(prefix.length)
    : undefined;
}

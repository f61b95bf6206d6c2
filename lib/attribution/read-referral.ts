import type { Referral } from '../referral/referral.js';
import { describeRefusal } from '../referral/referral-key.js';
import type { OnRefusedKey } from '../referral/referral-reader.js';
import type { AttributionService } from './attribution.service.js';
import { describeThrown } from '../common/describe-thrown.js';
import { headerOf } from '../referral/request-fields.js';
import { within } from '../common/within.js';

/** Who sent a visitor, as far as it is known when the handler starts. */
export interface ReadReferral {
  readonly referral: Referral | null;
  /** Still being resolved: its time was over before it was done. */
  readonly late?: Promise<Referral | null> | undefined;
  /** What is left of `acceptTimeoutMs`. */
  readonly budgetMs: number;
}

/** Asks the `resolve` option, if there is one, then the sources of the request. */
export function readReferral(
  service: AttributionService,
  request: object,
  route: string,
): ReadReferral | Promise<ReadReferral> {
  const budgetMs = service.options.acceptTimeoutMs;
  const { resolve } = service.options.referral;
  if (!resolve) return { referral: fromSources(service, request, route), budgetMs };
  return askResolver(service, request, route, resolve);
}

async function askResolver(
  service: AttributionService,
  request: object,
  route: string,
  resolve: (request: unknown) => unknown,
): Promise<ReadReferral> {
  const started = performance.now();
  const { acceptTimeoutMs } = service.options;
  const reading = resolved(service, request, route, resolve);
  const referral = await within(acceptTimeoutMs, reading);
  const budgetMs = acceptTimeoutMs - (performance.now() - started);
  if (referral !== undefined) return { referral, budgetMs };
  service.warnOnce(
    `resolve ${route}`,
    () => `${route}: referral.resolve took longer than acceptTimeoutMs; the sign-up went on.`,
  );
  return { referral: null, late: reading, budgetMs: 0 };
}

async function resolved(
  service: AttributionService,
  request: object,
  route: string,
  resolve: (request: unknown) => unknown,
): Promise<Referral | null> {
  try {
    const value = await resolve(request);
    const referral = service.reader.check(value, 'resolve', warnOfRefusedKey(service, route));
    if (referral) return referral;
  } catch (error) {
    const thrown = describeThrown(error);
    service.warnOnce(`resolve ${route}`, () => `${route}: referral.resolve ${thrown}.`);
  }
  return fromSources(service, request, route);
}

/**
 * Reads the sources once more, if the body is one of them and what parses it may run behind our
 * interceptor, as Nest's `FileInterceptor` does.
 */
export function laterReading(
  service: AttributionService,
  request: object,
  route: string,
): (() => Referral | null) | undefined {
  const { sources } = service.options.referral;
  const isForm = /^multipart\//i.test(headerOf(request, 'content-type') ?? '');
  if (!isForm || !sources.includes('body')) return undefined;
  return () => fromSources(service, request, route);
}

/** Whatever a framework's own getters throw: a sign-up is never failed by reading. */
function fromSources(service: AttributionService, request: object, route: string): Referral | null {
  try {
    return service.reader.fromRequest(request, warnOfRefusedKey(service, route));
  } catch (error) {
    const thrown = describeThrown(error);
    service.warnOnce(
      `reading ${route}`,
      () => `${route}: reading the request ${thrown}; nobody was attributed.`,
    );
    return null;
  }
}

/** Says once per place and source that a key was not used, without the key. */
export function warnOfRefusedKey(service: AttributionService, route: string): OnRefusedKey {
  return (source, why) =>
    service.warnOnce(
      `key ${route} ${source} ${why}`,
      () =>
        `${route}: a referral key in the ${source} was not used: ${describeRefusal(why)}. ` +
        'Said once per route and source.',
    );
}

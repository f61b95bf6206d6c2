import { describeThrown } from '../common/describe-thrown.js';
import { within } from '../common/within.js';
import type { Referral } from '../referral/referral.js';
import { describeRefusal } from '../referral/referral-key.js';
import type { OnRefusedKey } from '../referral/referral-reader.js';
import { headerOf } from '../referral/request-fields.js';
import type { AttributionService } from './attribution.service.js';

/** Who sent a visitor, as far as it is known when the handler starts. */
export interface ReadReferral {
  readonly referral: Referral | null;
  /** Still being resolved: its time was over before it was done. */
  readonly late?: Promise<Referral | null> | undefined;
  /** What is left of `acceptTimeoutMs`. */
  readonly budgetMs: number;
}

/** Reads who sent the visitor of one request. Never throws, never rejects. */
export class RequestReading {
  constructor(
    private readonly service: AttributionService,
    private readonly request: object,
    private readonly route: string,
  ) {}

  /** Asks the `resolve` option, if there is one, then the sources of the request. */
  read(): ReadReferral | Promise<ReadReferral> {
    const { acceptTimeoutMs: budgetMs, referral } = this.service.options;
    if (!referral.resolve) return { referral: this.fromSources(), budgetMs };
    return this.askInTime(referral.resolve);
  }

  /**
   * Reads the sources once more, if the body is one of them and what parses it may run behind our
   * interceptor, as Nest's `FileInterceptor` does.
   */
  later(): (() => Referral | null) | undefined {
    const { sources } = this.service.options.referral;
    const isForm = /^multipart\//i.test(headerOf(this.request, 'content-type') ?? '');
    return isForm && sources.includes('body') ? () => this.fromSources() : undefined;
  }

  private async askInTime(resolve: (request: unknown) => unknown): Promise<ReadReferral> {
    const { acceptTimeoutMs } = this.service.options;
    const started = performance.now();
    const reading = this.ask(resolve);
    const referral = await within(acceptTimeoutMs, reading);
    const budgetMs = acceptTimeoutMs - (performance.now() - started);
    if (referral !== undefined) return { referral, budgetMs };
    this.warnOnce(
      'resolve',
      'referral.resolve took longer than acceptTimeoutMs; the sign-up went on',
    );
    return { referral: null, late: reading, budgetMs: 0 };
  }

  private async ask(resolve: (request: unknown) => unknown): Promise<Referral | null> {
    const { service, route } = this;
    try {
      const value = await resolve(this.request);
      const referral = service.reader.check(value, 'resolve', warnOfRefusedKey(service, route));
      if (referral) return referral;
    } catch (error) {
      this.warnOnce('resolve', `referral.resolve ${describeThrown(error)}`);
    }
    return this.fromSources();
  }

  /** Whatever a framework's own getters throw: a sign-up is never failed by reading. */
  private fromSources(): Referral | null {
    const { service, request, route } = this;
    try {
      return service.reader.fromRequest(request, warnOfRefusedKey(service, route));
    } catch (error) {
      const thrown = describeThrown(error);
      this.warnOnce('reading', `reading the request ${thrown}; nobody was attributed`);
      return null;
    }
  }

  private warnOnce(about: string, what: string): void {
    const { service, route } = this;
    service.warnOnce(`${about} ${route}`, () => `${route}: ${what}.`);
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

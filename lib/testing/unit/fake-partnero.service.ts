import { Logger, type Provider } from '@nestjs/common';
import type { ApiCaller } from '../../api/api.caller.js';
import type { PartneroProgram } from '../../api/program/program-type.js';
import { ATTRIBUTION } from '../../attribution/attribution.handler.js';
import { readPayload } from '../../attribution/attribution.payload.js';
import { AttributionService } from '../../attribution/attribution.service.js';
import type { ReferralContext } from '../../attribution/referral-context.js';
import type { RunInAppContext } from '../../common/app-context.js';
import { PrintableLog } from '../../common/printable-log.js';
import { warningOnce } from '../../common/throttled-logger.js';
import { ErasureService } from '../../erasure/erasure.service.js';
import { ERASURE } from '../../erasure/job-name.js';
import { JobHandlers } from '../../outbox/job-handlers.js';
import { resolveOptions, type PartneroModuleOptions } from '../../partnero.options.js';
import { PartneroService } from '../../partnero.service.js';
import { getPartneroToken } from '../../partnero.tokens.js';
import { OutboxInspector } from '../../program/outbox.inspector.js';
import { OutcomeReporter } from '../../program/outcome.reporter.js';
import { ProgramOutbox } from '../../program/program.outbox.js';
import {
  DEFAULT_PROGRAM,
  getPartneroTokens,
  PARTNERO_MODULE_PRESENT,
} from '../../program/program.tokens.js';
import { SubmissionService } from '../../program/submission.service.js';
import { ReferralCapture } from '../../referral/capture/referral-capture.js';
import { REFUND } from '../../transactions/refund.handler.js';
import { SALE } from '../../transactions/sale.handler.js';
import { SalesService } from '../../transactions/sales.service.js';
import { Inbox } from '../../webhooks/inbox.js';
import { WebhooksService } from '../../webhooks/webhooks.service.js';
import { RecordingOutbox } from './recording.outbox.js';

/** Options of {@link FakePartneroService}: those of `PartneroModule.forRoot()` that matter to a test. */
export interface FakePartneroServiceOptions extends Pick<
  PartneroModuleOptions,
  'program' | 'referral' | 'onOutcome'
> {
  /** The name of the program, if the app has several. */
  readonly name?: string | undefined;
}

/** A sign-up that would be sent to Partnero, with the customer's `email`, `name` and so on. */
export interface RecordedAttribution {
  /** Your own id of the customer. */
  readonly customer: string;
  /** The referral key. `null` in a refer-a-friend program if nobody referred the customer. */
  readonly partner: string | null;
  readonly [field: string]: unknown;
}

/** A sale that would be sent to Partnero, with its `amount` and so on. */
export interface RecordedSale {
  readonly key: string;
  /** Your own id of the customer. */
  readonly customer: string;
  readonly [field: string]: unknown;
}

/**
 * A {@link PartneroService} for unit tests: records what would be sent to Partnero in memory. It needs no
 * network, no file and no API key. Calls of Partnero's API reject: mock those that your code makes.
 *
 * @example
 * const partnero = new FakePartneroService()
 * const moduleRef = await Test.createTestingModule({
 *   providers: [AuthService, ...provideFakePartnero(partnero)],
 * }).compile()
 * await moduleRef.get(AuthService).signUp(…)
 * expect(partnero.attributions).toMatchObject([{ customer: 'u1', partner: 'ann' }])
 */
export class FakePartneroService<
  TProgram extends PartneroProgram = 'affiliate',
> extends PartneroService<TProgram> {
  /** What {@link provideFakePartnero} returns. */
  readonly providers: Provider[];
  readonly #jobs: RecordingOutbox;

  constructor({ name = DEFAULT_PROGRAM, ...given }: FakePartneroServiceOptions = {}) {
    const log = new PrintableLog(new Logger('Partnero'));
    const options = resolveOptions({ ...given, apiKey: 'fake' }, name, {});
    const jobs = new RecordingOutbox(name);
    const outbox = new ProgramOutbox('delivers', jobs);
    const reporter = new OutcomeReporter(options, new JobHandlers(), log, runAtOnce);
    const submissions = new SubmissionService(options, outbox, reporter);
    const attribution = new AttributionService(options, outbox, reporter, log);
    const inbox = new Inbox(options, NO_HANDLERS, reporter, runAtOnce, log);
    super(
      options,
      NO_CALLS,
      attribution,
      new OutboxInspector(options, outbox, null, reporter),
      new SalesService(options, submissions, log),
      new ErasureService(submissions),
      new WebhooksService(options, NO_CALLS, inbox),
    );
    this.#jobs = jobs;
    const tokens = getPartneroTokens(name);
    this.providers = [
      { provide: getPartneroToken(name), useValue: this },
      { provide: tokens.attribution, useValue: attribution },
      {
        provide: tokens.capture,
        useValue: new ReferralCapture(options.referral, warningOnce(log)),
      },
      { provide: PARTNERO_MODULE_PRESENT, useValue: true },
    ];
  }

  /** The sign-ups, oldest first. One of a decorated route is there once its response has ended well. */
  get attributions(): RecordedAttribution[] {
    return this.#jobs.recorded(ATTRIBUTION).map(({ orderingKey, referralKey, payload }) => ({
      ...readPayload(payload)?.fields,
      customer: orderingKey,
      partner: referralKey,
    }));
  }

  /** The sales, oldest first. */
  get sales(): RecordedSale[] {
    return this.#jobs.recorded(SALE).map(({ orderingKey, payload }) => {
      const sale = JSON.parse(payload) as Omit<RecordedSale, 'customer'> & { key: string };
      return { ...sale, customer: orderingKey };
    });
  }

  /** The keys of the refunded sales, oldest first. */
  get refunds(): { readonly key: string }[] {
    return this.#jobs.recorded(REFUND).map(({ payload }) => ({ key: payload }));
  }

  /** The deleted customers, oldest first. */
  get erasures(): { readonly customer: string }[] {
    return this.#jobs.recorded(ERASURE).map(({ orderingKey }) => ({ customer: orderingKey }));
  }

  /** Forgets all that was recorded. */
  clear(): void {
    this.#jobs.clear();
  }

  /**
   * What `@Referral()` would inject for a visitor whom this partner sent, to call a controller's method
   * directly.
   *
   * @param key default: nobody sent the visitor
   */
  referral(key: string | null = null): ReferralContext {
    const found = key === null ? null : this.referralFrom({ key });
    let recorded: readonly string[] = [];
    const forget = () => this.#jobs.remove(recorded);
    return {
      key: found?.key ?? null,
      source: found?.source ?? null,
      // The last call wins.
      attribute: async (customer) => {
        forget();
        const { ids: before } = this.#jobs;
        const outcome = await this.attribute(found, customer);
        recorded = this.#jobs.ids.filter((id) => !before.includes(id));
        return outcome;
      },
      skip: forget,
      toToken: () => found?.toToken() ?? '',
    };
  }
}

/**
 * The providers that a unit test needs instead of `PartneroModule.forRoot()`, `@AttributeReferral()` and
 * `captureReferrals()` included. Spread them into `providers`.
 *
 * @param partnero what records. Default: a new one, which `moduleRef.get(PartneroService)` returns
 */
export function provideFakePartnero(
  partnero: Pick<FakePartneroService, 'providers'> = new FakePartneroService(),
): Provider[] {
  return partnero.providers;
}

const runAtOnce: RunInAppContext = (work) => work();

const NO_HANDLERS = { handlersOf: () => [], routesOf: () => [] };

const NO_CALLS: ApiCaller = {
  send: ({ method = 'GET', path }) => {
    const where = typeof path === 'string' ? path : `/${path.join('/')}`;
    return Promise.reject(
      new Error(
        `FakePartneroService sends nothing, but ${method} ${where} was called. Mock the method that ` +
          'calls it, or test against FakePartnero.',
      ),
    );
  },
};

import { DEFAULT_API_VARIANTS, type ApiVariants } from './api/api.variants.js';
import type { PartneroProgram } from './api/program/program-type.js';
import { checkNodeVersion } from './common/node-version.check.js';
import { OptionCheck } from './common/option-check.js';
import { PartneroConfigurationError } from './common/partnero.configuration-error.js';
import { Secret } from './common/secret.js';
import { resolveDeliveryOptions, type DeliveryOptions } from './outbox/delivery.options.js';
import type { OutboxDefinition } from './outbox/outbox-engine.js';
import { sqliteOutbox } from './outbox/sqlite/sqlite-outbox.js';
import type { Outcome } from './program/outcome.js';
import { DEFAULT_PROGRAM } from './program/program.tokens.js';
import {
  resolveReferralOptions,
  type ProgramType,
  type ReferralOptions,
} from './referral/referral.options.js';
import { resolveWebhooksOptions, type WebhooksOptions } from './webhooks/webhooks.options.js';

/** Options of `PartneroModule.forRoot()`. All are optional. */
export interface PartneroModuleOptions {
  /**
   * The API key, from Partnero: Program, Integration, API. It belongs to exactly one program. Default:
   * the environment variable `PARTNERO_API_KEY`, for the program without a `name` only. Without a key
   * nothing is attributed, and a line at boot says so; but if the outbox has jobs of this program
   * already, sign-ups are queued and stay pending.
   */
  apiKey?: string | undefined;
  /** `true`: no key is a boot error. `false`: nothing is attributed. Default: as the key is there. */
  enabled?: boolean | undefined;
  /**
   * What the key's program is. Default `'affiliate'`. In a `'newsletter'` program there are no customers:
   * nothing is attributed, and only the API is called.
   */
  program?: PartneroProgram | undefined;
  /**
   * The address of Partnero's API. Default: the environment variable `PARTNERO_BASE_URL`, for the
   * program without a `name` only, else `https://api.partnero.com/v1`.
   */
  baseUrl?: string | undefined;
  /** Of each attempt to reach Partnero, body included. Milliseconds; default 10,000. */
  timeoutMs?: number | undefined;
  /**
   * How often a call of your own (`partnero.customers`, …) is repeated that fails in a way that may
   * pass, and that does no more when it is carried out twice. Attributions have `delivery` instead.
   * 0 to 10; default 2.
   */
  retries?: number | undefined;
  /** Which variant of the API to speak where Partnero's sources disagree. */
  apiVariants?: Partial<ApiVariants> | undefined;
  /** Where the referral key is looked for. */
  referral?: ReferralOptions | undefined;
  /** Saves jobs until Partnero has them. Default `sqliteOutbox()`. */
  outbox?: OutboxDefinition | undefined;
  /** How hard delivery tries. */
  delivery?: DeliveryOptions | undefined;
  /** How webhook events are verified and handled. */
  webhooks?: WebhooksOptions | undefined;
  /**
   * How long a sign-up may wait until its attribution is saved: resolver, mapper and commit together.
   * After that the response goes on, and they finish behind it. Milliseconds; default 250.
   */
  acceptTimeoutMs?: number | undefined;
  /**
   * A handler that is still running this long after a good response counts as completed.
   * Milliseconds; default 60,000.
   */
  holdMs?: number | undefined;
  /**
   * How long completed jobs stay in the history, for `outbox.find()`. Days; default: the outbox's own,
   * which is 90, or 7 with `bullmqOutbox()`.
   */
  historyDays?: number | undefined;
  /**
   * Ask Partnero at boot whether it accepts the key. `'warn'` never delays boot; `'fail'` waits up to
   * `timeoutMs` and fails only if the key is rejected; `false` asks when there is something to send.
   * Default `'warn'`.
   */
  verifyOnBoot?: 'warn' | 'fail' | false | undefined;
  /**
   * Called with the outcome of each sign-up and each job, after it has been saved, at most once, by the
   * process that saved it. Runs in the async context of the app's start. If it throws, that is logged.
   * For all outcomes without exception, ask the history: see `PartneroService.outbox`.
   */
  onOutcome?: ((outcome: Outcome) => void) | undefined;
}

/** Where Partnero's API is, unless the option `baseUrl` or `PARTNERO_BASE_URL` says otherwise. */
export const PARTNERO_URL = 'https://api.partnero.com/v1';

const KNOWN = [
  'apiKey',
  'enabled',
  'program',
  'baseUrl',
  'timeoutMs',
  'retries',
  'apiVariants',
  'referral',
  'outbox',
  'delivery',
  'webhooks',
  'acceptTimeoutMs',
  'holdMs',
  'historyDays',
  'verifyOnBoot',
  'onOutcome',
];

/** {@link PartneroModuleOptions}, checked and with defaults. */
export type ResolvedOptions = Readonly<ReturnType<typeof resolveOptions>>;

const PROGRAMS: readonly PartneroProgram[] = ['affiliate', 'refer-a-friend', 'newsletter'];

/**
 * Checks the options, once, while the app starts; reads the environment then, and not before.
 * @throws PartneroConfigurationError naming the option
 */
export function resolveOptions(
  given: PartneroModuleOptions | undefined,
  name: string,
  environment: NodeJS.ProcessEnv,
) {
  checkNodeVersion();
  const check = new OptionCheck(given, '', KNOWN);
  const apiProgram = check.oneOf<PartneroProgram>('program', PROGRAMS, 'affiliate');
  /** Whose cookie and link parameters are read. */
  const program: ProgramType = apiProgram === 'newsletter' ? 'affiliate' : apiProgram;
  const apiKey = apiKeyFrom(given?.apiKey, name, environment);
  const enabled = check.boolean('enabled');
  if (enabled === true && apiKey === undefined) {
    throw new PartneroConfigurationError(
      'enabled is true, but there is no API key. Set PARTNERO_API_KEY, or the apiKey option.',
    );
  }
  const outbox = outboxFrom(given?.outbox);
  const acceptTimeoutMs = check.integer('acceptTimeoutMs', 250, { min: 1, max: 60_000 });
  return {
    /** Of the program in this app. */
    name,
    apiKey,
    /** The option was passed without a value, so that a key was meant to be there. */
    isApiKeyUndefined: given !== undefined && 'apiKey' in given && given.apiKey === undefined,
    enabled,
    program,
    apiProgram,
    baseUrl: check.url('baseUrl', defaultBaseUrl(name, environment)),
    timeoutMs: check.integer('timeoutMs', 10_000, { min: 1, max: 600_000 }),
    retries: check.integer('retries', 2, { min: 0, max: 10 }),
    apiVariants: apiVariantsFrom(given?.apiVariants),
    referral: resolveReferralOptions(given?.referral, program),
    outbox,
    delivery: resolveDeliveryOptions(given?.delivery),
    webhooks: resolveWebhooksOptions(given?.webhooks, name, environment),
    acceptTimeoutMs: outbox.acceptTimeoutMs ?? acceptTimeoutMs,
    holdMs: check.integer('holdMs', 60_000, { min: 0, max: 86_400_000 }),
    /** `undefined`: the engine's default. */
    historyDays: historyDaysFrom(given?.historyDays, check),
    verifyOnBoot: check.oneOf<'warn' | 'fail' | false>(
      'verifyOnBoot',
      ['warn', 'fail', false],
      'warn',
    ),
    onOutcome: check.function('onOutcome', given?.onOutcome),
  };
}

function apiKeyFrom(
  given: unknown,
  name: string,
  environment: NodeJS.ProcessEnv,
): Secret | undefined {
  if (given !== undefined && given !== null && typeof given !== 'string') {
    throw new PartneroConfigurationError('apiKey must be a string.');
  }
  const fallback = name === DEFAULT_PROGRAM ? environment['PARTNERO_API_KEY'] : undefined;
  const key = (given ?? fallback)?.trim();
  if (!key) return undefined;
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new PartneroConfigurationError(
      'apiKey holds characters that no API key has (blanks, line breaks, letters with accents).',
    );
  }
  return new Secret(key, 'API key');
}

function defaultBaseUrl(name: string, environment: NodeJS.ProcessEnv): string {
  const { PARTNERO_BASE_URL: url } = environment;
  if (name !== DEFAULT_PROGRAM || !url?.trim()) return PARTNERO_URL;
  const variables = { PARTNERO_BASE_URL: url.trim() };
  return new OptionCheck(variables, '', ['PARTNERO_BASE_URL']).url('PARTNERO_BASE_URL', '');
}

function historyDaysFrom(given: number | undefined, check: OptionCheck): number | undefined {
  if (given === undefined || given === null) return undefined;
  return check.number('historyDays', given, { min: 0, max: 3_650 });
}

function apiVariantsFrom(given: Partial<ApiVariants> | undefined): ApiVariants {
  const { saleTime, subscriberId, linkFields } = DEFAULT_API_VARIANTS;
  const check = new OptionCheck(given, 'apiVariants', Object.keys(DEFAULT_API_VARIANTS));
  return {
    saleTime: check.oneOf('saleTime', ['unix', 'text'], saleTime),
    subscriberId: check.oneOf('subscriberId', ['id', 'identifier'], subscriberId),
    linkFields: check.oneOf('linkFields', ['snake_case', 'camelCase'], linkFields),
  };
}

function outboxFrom(given: OutboxDefinition | undefined): OutboxDefinition {
  if (given === undefined || given === null) return sqliteOutbox();
  if (typeof given === 'object' && typeof given.create === 'function') return given;
  throw new PartneroConfigurationError(
    'outbox must be made by sqliteOutbox(), inlineOutbox() or another definition of an outbox.',
  );
}

import { ApiKey } from './api/api-key.js';
import { DEFAULT_API_READINGS, type ApiReadings } from './api/api.readings.js';
import type { PartneroProgram } from './api/program/program-type.js';
import type { Outcome } from './outcome.js';
import { OptionCheck } from './option-check.js';
import {
  resolveDeliveryOptions,
  type DeliveryOptions,
  type ResolvedDeliveryOptions,
} from './outbox/delivery.options.js';
import type { OutboxDefinition } from './outbox/outbox.js';
import { sqliteOutbox } from './outbox/sqlite/sqlite-outbox.definition.js';
import { PartneroConfigurationError } from './partnero.configuration-error.js';
import { DEFAULT_PROGRAM } from './program.tokens.js';
import {
  resolveReferralOptions,
  type ProgramType,
  type ReferralOptions,
  type ResolvedReferralOptions,
} from './referral/referral.options.js';
import {
  resolveWebhooksOptions,
  type ResolvedWebhooksOptions,
  type WebhooksOptions,
} from './webhooks/webhooks.options.js';

/** Options of `PartneroModule.forRoot()`. All are optional. */
export interface PartneroModuleOptions {
  /**
   * Partnero: Program, Integration, API. Belongs to exactly one program. Default: `PARTNERO_API_KEY`
   * in the environment, for the program without a `name` only. Without a key nothing is attributed,
   * which is said at boot; but where the outbox knows this program already, sign-ups are accepted and
   * stay pending.
   */
  apiKey?: string | undefined;
  /** `true`: no key is a boot error. `false`: nothing is attributed. Default: as the key is there. */
  enabled?: boolean | undefined;
  /**
   * What the key's program is. Default `'affiliate'`. In a `'newsletter'` program there are no customers:
   * nothing is attributed, and only the API is called.
   */
  program?: PartneroProgram | undefined;
  /** Default `https://api.partnero.com/v1`. */
  baseUrl?: string | undefined;
  /** Of each attempt to reach Partnero, body included. Milliseconds; default 10,000. */
  timeoutMs?: number | undefined;
  /**
   * How often a call of your own (`partnero.customers`, …) is repeated that fails in a way that may
   * pass, and that does no more when it is carried out twice. Attributions have `delivery` instead.
   * 0 to 10; default 2.
   */
  retries?: number | undefined;
  /** Where Partnero's sources disagree on what to send: which is right. */
  readings?: Partial<ApiReadings> | undefined;
  /** Where the referral key is looked for. */
  referral?: ReferralOptions | undefined;
  /** What keeps attributions until Partnero has them. Default `sqliteOutbox()`. */
  outbox?: OutboxDefinition | undefined;
  /** How hard delivery tries. */
  delivery?: DeliveryOptions | undefined;
  /** How what Partnero tells is verified and handled. */
  webhooks?: WebhooksOptions | undefined;
  /**
   * How long a sign-up may wait for its attribution to be kept: resolver, mapper and commit together.
   * After that the response goes on, and they finish behind it. Milliseconds; default 250.
   */
  acceptTimeoutMs?: number | undefined;
  /**
   * A handler that is still running so long after a good response counts as completed. Milliseconds;
   * default 60,000.
   */
  holdMs?: number | undefined;
  /** How long it can be told what became of a sign-up. Days; default 90. */
  ledgerDays?: number | undefined;
  /**
   * Ask Partnero at boot whether the key works. `'warn'` never delays boot; `'fail'` waits up to
   * `timeoutMs` and fails only if the key is refused. Default `'warn'`.
   */
  verifyOnBoot?: 'warn' | 'fail' | false | undefined;
  /**
   * Told of each sign-up's fate, once it is durable, at most once, by the process that settled it. If
   * it throws, that is logged. The ledger is the truth: see `PartneroService.outbox`.
   */
  onOutcome?: ((outcome: Outcome) => void) | undefined;
}

/** {@link PartneroModuleOptions}, checked and with defaults. */
export interface ResolvedOptions {
  /** Name of the program in this app. */
  readonly name: string;
  readonly apiKey: ApiKey | undefined;
  readonly enabled: boolean | undefined;
  /** Whose cookie and link parameters are read. */
  readonly program: ProgramType;
  readonly apiProgram: PartneroProgram;
  readonly baseUrl: string;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly readings: ApiReadings;
  readonly referral: ResolvedReferralOptions;
  readonly outbox: OutboxDefinition;
  readonly delivery: ResolvedDeliveryOptions;
  readonly webhooks: ResolvedWebhooksOptions;
  readonly acceptTimeoutMs: number;
  readonly holdMs: number;
  readonly ledgerDays: number;
  readonly verifyOnBoot: 'warn' | 'fail' | false;
  readonly onOutcome: ((outcome: Outcome) => void) | undefined;
}

const KNOWN = [
  'apiKey',
  'enabled',
  'program',
  'baseUrl',
  'timeoutMs',
  'retries',
  'readings',
  'referral',
  'outbox',
  'delivery',
  'webhooks',
  'acceptTimeoutMs',
  'holdMs',
  'ledgerDays',
  'verifyOnBoot',
  'onOutcome',
];

const PROGRAMS: readonly PartneroProgram[] = ['affiliate', 'refer-a-friend', 'newsletter'];

/**
 * Checks the options, once, while the app starts; reads the environment then, and not before.
 * @throws PartneroConfigurationError naming the option
 */
export function resolveOptions(
  given: PartneroModuleOptions | undefined,
  name: string,
  environment: NodeJS.ProcessEnv,
): ResolvedOptions {
  const check = new OptionCheck(given, '', KNOWN);
  const apiProgram = check.oneOf<PartneroProgram>('program', PROGRAMS, 'affiliate');
  const program = apiProgram === 'newsletter' ? 'affiliate' : apiProgram;
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
    name,
    apiKey,
    enabled,
    program,
    apiProgram,
    baseUrl: check.url('baseUrl', 'https://api.partnero.com/v1'),
    timeoutMs: check.integer('timeoutMs', 10_000, { min: 1, max: 600_000 }),
    retries: check.integer('retries', 2, { min: 0, max: 10 }),
    readings: readingsFrom(given?.readings),
    referral: resolveReferralOptions(given?.referral, program),
    outbox,
    delivery: resolveDeliveryOptions(given?.delivery),
    webhooks: resolveWebhooksOptions(given?.webhooks, name, environment),
    acceptTimeoutMs: outbox.acceptTimeoutMs ?? acceptTimeoutMs,
    holdMs: check.integer('holdMs', 60_000, { min: 0, max: 86_400_000 }),
    ledgerDays: check.number('ledgerDays', 90, { min: 0, max: 3_650 }),
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
): ApiKey | undefined {
  if (given !== undefined && given !== null && typeof given !== 'string') {
    throw new PartneroConfigurationError('apiKey must be a text.');
  }
  const fallback = name === DEFAULT_PROGRAM ? environment['PARTNERO_API_KEY'] : undefined;
  const key = (given ?? fallback)?.trim();
  if (!key) return undefined;
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new PartneroConfigurationError(
      'apiKey holds characters that no API key has (blanks, line breaks, letters with accents).',
    );
  }
  return new ApiKey(key);
}

function readingsFrom(given: Partial<ApiReadings> | undefined): ApiReadings {
  const { saleTime, subscriberId, linkFields } = DEFAULT_API_READINGS;
  const check = new OptionCheck(given, 'readings', Object.keys(DEFAULT_API_READINGS));
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

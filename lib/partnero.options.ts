import { ApiKey } from './api/api-key.js';
import type { Outcome } from './attribution/attribution.outcome.js';
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
  /** What the key's program is. Default `'affiliate'`. */
  program?: ProgramType | undefined;
  /** Default `https://api.partnero.com/v1`. */
  baseUrl?: string | undefined;
  /** Of each attempt to reach Partnero, body included. Milliseconds; default 10,000. */
  timeoutMs?: number | undefined;
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
  readonly program: ProgramType;
  readonly baseUrl: string;
  readonly timeoutMs: number;
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
  const program = check.oneOf<ProgramType>('program', ['affiliate', 'refer-a-friend'], 'affiliate');
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
    baseUrl: check.url('baseUrl', 'https://api.partnero.com/v1'),
    timeoutMs: check.integer('timeoutMs', 10_000, { min: 1, max: 600_000 }),
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

function outboxFrom(given: OutboxDefinition | undefined): OutboxDefinition {
  if (given === undefined || given === null) return sqliteOutbox();
  if (typeof given === 'object' && typeof given.create === 'function') return given;
  throw new PartneroConfigurationError(
    'outbox must be made by sqliteOutbox(), inlineOutbox() or another definition of an outbox.',
  );
}

import { OptionCheck } from '../common/option-check.js';
import { Secret } from '../common/secret.js';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';

/** How webhook events are verified and handled. Needed where `@PartneroWebhook()` is used. */
export interface WebhooksOptions {
  /**
   * The `signature` of the webhook in Partnero. Several while you change it, or if several webhooks
   * deliver to one route: any of them is accepted. Default: the environment variable
   * `PARTNERO_WEBHOOK_SECRET`, for the program without a `name` only.
   */
  secret?: string | readonly string[] | undefined;
  /** The header with the signature. Default `'Signature'`. */
  header?: string | undefined;
  /**
   * Refuses events that are older, or have no time. Partnero repeats deliveries for an unknown time,
   * with the time of the first one; for `historyDays`, a repeated delivery is recognised anyway.
   * Seconds; default: no limit.
   */
  toleranceSeconds?: number | undefined;
  /**
   * How long an `@OnPartneroEvent()` handler may take. After that it has failed, its `AbortSignal` is
   * aborted, and it gets the event again later. Milliseconds; default 30,000.
   */
  handlerTimeoutMs?: number | undefined;
  /**
   * Called with each error of an `@OnPartneroEvent()` handler, such as for an error tracker. Our log
   * lines leave out its message, which may hold personal data. Runs in the async context of the app's
   * start.
   */
  onHandlerError?: ((error: unknown, about: FailedHandler) => void) | undefined;
}

/** Which handler failed, and on what. */
export interface FailedHandler {
  /** `Class.method`, or the `id` given to `@OnPartneroEvent()`. */
  readonly handler: string;
  /** The event's id. */
  readonly eventId: string;
  /** The event's name. */
  readonly event: string;
  /** Counted from 1. */
  readonly attempt: number;
}

const YEAR_S = 365 * 86_400;

/** @throws PartneroConfigurationError naming the option */
export function resolveWebhooksOptions(
  given: WebhooksOptions | undefined,
  program: string,
  environment: NodeJS.ProcessEnv,
) {
  const known = ['secret', 'header', 'toleranceSeconds', 'handlerTimeoutMs', 'onHandlerError'];
  const check = new OptionCheck(given, 'webhooks', known);
  const fallback = program === DEFAULT_PROGRAM ? environment['PARTNERO_WEBHOOK_SECRET'] : undefined;
  const secrets = secretsFrom(given?.secret ?? (fallback?.trim() ? fallback : undefined), check);
  // In lower case, as Node.js has them.
  const header = check.string('header', 'Signature').toLowerCase();
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header)) {
    throw check.refuse('header', header, 'the name of a header');
  }
  const tolerance = check.number('toleranceSeconds', Infinity, { min: 1, max: Infinity });
  if (tolerance !== Infinity && tolerance > YEAR_S) {
    throw check.refuse('toleranceSeconds', tolerance, `at most ${YEAR_S}, or left out`);
  }
  return {
    /** Whether webhooks are configured at all. */
    given: given !== undefined || secrets.length > 0,
    secrets,
    header,
    toleranceMs: tolerance * 1_000,
    handlerTimeoutMs: check.integer('handlerTimeoutMs', 30_000, { min: 1, max: 3_600_000 }),
    onHandlerError: check.function('onHandlerError', given?.onHandlerError),
  };
}

function secretsFrom(given: unknown, check: OptionCheck): Secret[] {
  if (given === undefined || given === null) return [];
  const secrets: unknown[] = Array.isArray(given) ? given : [given];
  return secrets.map((secret) => {
    // With an empty secret, everybody could sign.
    if (typeof secret === 'string' && secret.trim())
      return new Secret(secret.trim(), 'webhook secret');
    throw check.refuse('secret', secret, 'a string that is not empty, or a list of such');
  });
}

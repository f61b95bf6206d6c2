import { OptionCheck } from '../option-check.js';
import { DEFAULT_PROGRAM } from '../program.tokens.js';
import { WebhookSecret } from './webhook.secret.js';

/** How webhook events are verified and handled. Needed where `@PartneroWebhook()` is used. */
export interface WebhooksOptions {
  /**
   * The `signature` of the webhook in Partnero; several while it is changed, or where several webhooks
   * come by one route: any of them is right. Default: `PARTNERO_WEBHOOK_SECRET` in the environment, for
   * the program without a `name` only.
   */
  secret?: string | readonly string[] | undefined;
  /** The header that carries the signature. Default `'Signature'`. */
  header?: string | undefined;
  /**
   * Refuse events that were made longer ago, or that don't say when. Partnero delivers again for an
   * unknown time, with the time of the first delivery; a repeated event is handled once anyway, for as
   * long as `historyDays`. Seconds; default: no limit.
   */
  toleranceSeconds?: number | undefined;
  /**
   * Have the webhook made at Partnero, or completed, when the app boots. Its secret comes from
   * Partnero then.
   */
  ensure?: EnsureWebhookOptions | undefined;
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

/** The webhook that `webhooks.ensure` wants at Partnero. */
export interface EnsureWebhookOptions {
  /** Where Partnero reaches the route with `@PartneroWebhook()`. */
  url: string;
  /**
   * Names of events. Those that the webhook has already stay. Partnero refuses some that don't fit
   * the program's type.
   */
  events: readonly string[];
  /** What a new webhook is called in Partnero; at most 100 characters. Default `'nestjs-partnero'`. */
  name?: string | undefined;
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

export interface ResolvedWebhooksOptions {
  /** Whether webhooks are configured at all. */
  readonly given: boolean;
  readonly secrets: readonly WebhookSecret[];
  /** In lower case, as Node.js has them. */
  readonly header: string;
  readonly toleranceMs: number;
  readonly ensure: ResolvedEnsureOptions | undefined;
  readonly handlerTimeoutMs: number;
  readonly onHandlerError: WebhooksOptions['onHandlerError'];
}

export interface ResolvedEnsureOptions {
  readonly url: string;
  readonly events: readonly string[];
  readonly name: string;
}

const YEAR_S = 365 * 86_400;
/** The vendor's own client cuts names there. */
const MAX_NAME = 100;

/** @throws PartneroConfigurationError naming the option */
export function resolveWebhooksOptions(
  given: WebhooksOptions | undefined,
  program: string,
  environment: NodeJS.ProcessEnv,
): ResolvedWebhooksOptions {
  const known = [
    'secret',
    'header',
    'toleranceSeconds',
    'ensure',
    'handlerTimeoutMs',
    'onHandlerError',
  ];
  const check = new OptionCheck(given, 'webhooks', known);
  const fallback = program === DEFAULT_PROGRAM ? environment['PARTNERO_WEBHOOK_SECRET'] : undefined;
  const secrets = secretsFrom(given?.secret ?? (fallback?.trim() ? fallback : undefined), check);
  const header = check.string('header', 'Signature').toLowerCase();
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header)) {
    throw check.refuse('header', header, 'the name of a header');
  }
  const tolerance = check.number('toleranceSeconds', Infinity, { min: 1, max: Infinity });
  if (tolerance !== Infinity && tolerance > YEAR_S) {
    throw check.refuse('toleranceSeconds', tolerance, `at most ${YEAR_S}, or left out`);
  }
  return {
    given: given !== undefined || secrets.length > 0,
    secrets,
    header,
    toleranceMs: tolerance * 1_000,
    ensure: ensureFrom(given?.ensure),
    handlerTimeoutMs: check.integer('handlerTimeoutMs', 30_000, { min: 1, max: 3_600_000 }),
    onHandlerError: check.function('onHandlerError', given?.onHandlerError),
  };
}

function secretsFrom(given: unknown, check: OptionCheck): WebhookSecret[] {
  if (given === undefined || given === null) return [];
  const texts: unknown[] = Array.isArray(given) ? given : [given];
  return texts.map((text) => {
    // An empty key would be a key that everybody knows.
    if (typeof text === 'string' && text.trim() !== '') return new WebhookSecret(text.trim());
    throw check.refuse('secret', text, 'a string that is not empty, or a list of such');
  });
}

function ensureFrom(given: EnsureWebhookOptions | undefined): ResolvedEnsureOptions | undefined {
  if (given === undefined || given === null) return undefined;
  const check = new OptionCheck(given, 'webhooks.ensure', ['url', 'events', 'name']);
  const url = check.string('url');
  if (url === undefined || !isAddress(url)) {
    throw check.refuse('url', url, 'the http(s) address of the route, without user or fragment');
  }
  const events = check.strings('events', []);
  if (events.length === 0) throw check.refuse('events', events, 'a list of names of events');
  const name = check.string('name', 'nestjs-partnero');
  if (name.length > MAX_NAME) throw check.refuse('name', name, `at most ${MAX_NAME} characters`);
  return { url, events: [...new Set(events)], name };
}

function isAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username || url.password || url.hash) return false;
  return url.protocol === 'https:' || url.protocol === 'http:';
}

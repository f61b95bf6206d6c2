import { createHttpClient } from '../api/http-client.js';
import { PartneroApiClient } from '../api/partnero-api.client.js';
import { RetryingCaller } from '../api/retrying.caller.js';
import { WebhooksResource } from '../api/webhooks/webhooks.resource.js';
import { isObject } from '../common/is-object.js';
import { printable } from '../common/printable-log.js';
import { resolveOptions } from '../partnero.options.js';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';
import { isKnownName } from '../webhooks/event.model.js';
import { resolveWebhooksOptions } from '../webhooks/webhooks.options.js';
import type { Values } from './arguments.js';
import type { CommandResult } from './command-result.js';
import { ensureWebhook } from './ensure-webhook.js';
import { tryWebhook } from './try-webhook.js';
import { MissingSettingError, UsageError } from './usage.error.js';

/** Partnero's own client cuts names there. */
const MAX_NAME = 100;
const SETTLE_MS = 3_000;

/**
 * Runs `webhooks ensure` or `webhooks test`.
 *
 * @param note takes what isn't the command's output, so that its output can be appended to a file
 * @throws Error whose message is meant for the user
 */
export async function runWebhookCommand(
  name: string | undefined,
  values: Values,
  environment: NodeJS.ProcessEnv,
  note: (text: string) => void,
): Promise<CommandResult> {
  if (name === 'ensure') return ensure(values, environment, (text) => note(printable(text)));
  if (name === 'test') return test(values, environment, (text) => note(printable(text)));
  throw new UsageError('webhooks takes one of these commands: ensure, test.');
}

async function ensure(
  values: Values,
  environment: NodeJS.ProcessEnv,
  note: (text: string) => void,
): Promise<CommandResult> {
  const { name = 'nestjs-partnero' } = values;
  const url = addressFrom(values);
  const events = eventsFrom(values);
  if (events.length === 0) {
    throw new UsageError('webhooks ensure needs --events <names>, such as transaction.created.');
  }
  if (name.trim() === '' || name.length > MAX_NAME) {
    throw new UsageError(`--name must have 1 to ${MAX_NAME} characters.`);
  }
  noteUnknown(events, note);
  const wanted = { name, url, events: [...new Set(events)] };
  const { secret, others, ...webhook } = await callPartnero(environment, (webhooks) =>
    ensureWebhook(webhooks, wanted, note, SETTLE_MS),
  );
  if (others > 0) {
    note(
      `Several webhooks at Partnero deliver there: an event that two of them deliver is handled twice, ` +
        `or refused for its secret. Delete all but ${webhook.key}.`,
    );
  }
  if (secret === null) note(NO_SECRET);
  return {
    json: { ...webhook, secret },
    text:
      secret === null
        ? `The webhook is at Partnero, with the key ${printable(webhook.key)}.`
        : `PARTNERO_WEBHOOK_SECRET=${secret}`,
  };
}

const NO_SECRET =
  "Partnero's response doesn't hold the webhook's secret. Look up its signature in Partnero, and set " +
  'PARTNERO_WEBHOOK_SECRET to it.';

async function callPartnero<T>(
  environment: NodeJS.ProcessEnv,
  work: (webhooks: WebhooksResource) => Promise<T>,
): Promise<T> {
  const options = resolveOptions({}, DEFAULT_PROGRAM, environment);
  if (!options.apiKey) throw new MissingSettingError('webhooks ensure needs PARTNERO_API_KEY.');
  const client = new PartneroApiClient(await createHttpClient(), options);
  try {
    return await work(new WebhooksResource(new RetryingCaller(client, options)));
  } finally {
    client.close();
  }
}

async function test(
  values: Values,
  environment: NodeJS.ProcessEnv,
  note: (text: string) => void,
): Promise<CommandResult> {
  const url = addressFrom(values);
  const { secret, header } = values;
  const [event, ...more] = eventsFrom(values);
  if (more.length > 0) throw new UsageError('webhooks test sends one event: give one name.');
  if (event !== undefined) noteUnknown([event], note);
  const data = dataFrom(values);
  const options = resolveWebhooksOptions({ secret, header }, DEFAULT_PROGRAM, environment);
  const [first] = options.secrets;
  if (!first) {
    throw new MissingSettingError('webhooks test needs PARTNERO_WEBHOOK_SECRET, or --secret.');
  }
  const result = await tryWebhook(url, first, options.header, { name: event, data });
  const status = result.status === null ? '' : `${result.status}: `;
  return { json: result, text: status + result.meaning, exitCode: result.ok ? 0 : 1 };
}

function eventsFrom({ events = [] }: Values): string[] {
  const names = events.flatMap((each) => each.split(',')).map((each) => each.trim());
  if (names.includes('')) throw new UsageError('--events must be names, separated by commas.');
  return names;
}

function noteUnknown(events: readonly string[], note: (text: string) => void): void {
  const unknown = events.filter((event) => !isKnownName(event));
  if (unknown.length > 0) note(`No such event is known: ${unknown.join(', ')}. Is it a typo?`);
}

function dataFrom({ data }: Values): object | undefined {
  if (data === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(data);
    if (isObject(value)) return value;
  } catch {
    // Refused below.
  }
  throw new UsageError('--data must be an object in JSON, such as {"key":"inv-1"}.');
}

function addressFrom({ url: given }: Values): string {
  const url = given !== undefined && URL.canParse(given) ? new URL(given) : undefined;
  const isFine =
    url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.hash;
  if (!isFine) {
    throw new UsageError(
      '--url must be the http(s) address of the route with @PartneroWebhook(), without user or fragment.',
    );
  }
  return given!;
}

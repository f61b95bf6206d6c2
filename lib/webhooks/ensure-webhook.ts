import { createHash } from 'node:crypto';
import { PartneroError } from '../api/partnero.error.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import type { WebhookSecret } from './webhook.secret.js';
import type {
  WantedSubscription,
  WebhookSubscription,
  WebhookSubscriptions,
} from './webhook.subscriptions.js';

/** Partnero did what was asked, and didn't tell what is needed. */
export class NoSecretError extends Error {
  override readonly name = 'NoSecretError';
}

type Some = readonly [WebhookSubscription, ...WebhookSubscription[]];

/**
 * Makes sure that one webhook delivers these events to this address. May be run any number of times,
 * by any number of processes at once.
 *
 * @returns the secrets of all webhooks that deliver there
 * @throws PartneroError
 * @throws NoSecretError
 */
export async function ensureWebhook(
  subscriptions: WebhookSubscriptions,
  wanted: WantedSubscription,
  log: OutboxLog,
  signal: AbortSignal,
): Promise<WebhookSecret[]> {
  const at = placeOf(wanted.url);
  const found = await findOrCreate(subscriptions, wanted, log, signal);
  // Processes that boot at once may have created one each.
  const [kept, ...twins] = ownOf(found, wanted.name);
  const events = [...new Set([kept, ...twins, wanted].flatMap((each) => each.events))];
  if (!kept.isActive || events.some((event) => !kept.events.includes(event))) {
    await subscriptions.update(kept.key, { ...wanted, name: kept.name, events }, signal);
    log.log(`The webhook to ${at} was updated at Partnero: it delivers ${events.join(', ')}.`);
  }
  for (const { key } of twins) {
    await subscriptions.delete(key, signal).catch(ignoreGone);
    log.log(`A second webhook to ${at} of the same name was deleted at Partnero.`);
  }
  if (found.length > 1 + twins.length) {
    log.warn(
      `Several webhooks at Partnero deliver to ${at}: an event that two of them deliver is handled ` +
        'twice. Delete all but one.',
    );
  }
  const secrets = found.flatMap(({ secret }) => (secret ? [secret] : []));
  if (secrets.length > 0) return secrets;
  throw new NoSecretError("Partnero's answer holds no signature of the webhook.");
}

async function findOrCreate(
  subscriptions: WebhookSubscriptions,
  wanted: WantedSubscription,
  log: OutboxLog,
  signal: AbortSignal,
): Promise<Some> {
  const find = async (): Promise<Some | undefined> => {
    const all = await subscriptions.list(signal);
    const [first, ...rest] = all.filter(({ url }) => isSame(url, wanted.url));
    return first && [first, ...rest];
  };
  const known = await find();
  if (known) return known;
  const made = (await createOnce(subscriptions, wanted, find, signal)) ?? (await find());
  if (!made) throw new NoSecretError('Partnero took the webhook, and does not list it.');
  log.log(`A webhook to ${placeOf(wanted.url)} is at Partnero, with ${wanted.events.join(', ')}.`);
  return made;
}

/** What was found instead, if another process was quicker. */
async function createOnce(
  subscriptions: WebhookSubscriptions,
  wanted: WantedSubscription,
  find: () => Promise<Some | undefined>,
  signal: AbortSignal,
): Promise<Some | undefined> {
  try {
    // The same key in every process: if keys are unique at Partnero, one creates it.
    await subscriptions.create(wanted, keyFor(wanted.url), signal);
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const others = await find();
    if (others) return others;
    const fields = Object.keys(error.fieldErrors);
    if (fields.length > 0 && !fields.includes('key')) throw error;
    await subscriptions.create(wanted, undefined, signal);
    return undefined;
  }
}

/** The one that stays, and others of the same name. Every process must choose the same. */
function ownOf(found: Some, name: string): Some {
  const sorted = found.toSorted((one, other) => (one.key < other.key ? -1 : 1));
  const [kept, ...twins] = sorted.filter((each) => each.name === name);
  if (!kept) return [sorted[0]!];
  // Under one key, none can be deleted without the other.
  return [kept, ...twins.filter(({ key }) => key !== kept.key)];
}

function keyFor(url: string): string {
  const digest = createHash('sha256').update(new URL(url).href).digest('hex');
  return `nestjs-partnero-${digest.slice(0, 16)}`;
}

function isSame(url: string, other: string): boolean {
  return URL.canParse(url) && new URL(url).href === new URL(other).href;
}

/** Without the query, which may hold a token. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function isRefusal(error: unknown): error is PartneroError {
  const kinds = ['bad_request', 'conflict', 'validation'];
  return error instanceof PartneroError && kinds.includes(error.kind);
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof PartneroError) || error.kind !== 'not_found') throw error;
}

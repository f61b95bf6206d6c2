import { createHash } from 'node:crypto';
import { PartneroError } from '../api/partnero.error.js';
import type { Webhook } from '../api/webhooks/webhook.model.js';
import type { WebhooksResource } from '../api/webhooks/webhooks.resource.js';

/** What the webhook at Partnero should be. */
export interface WantedWebhook {
  readonly name: string;
  readonly url: string;
  readonly events: readonly string[];
}

/** A webhook as it is at Partnero. */
export interface FoundWebhook extends WantedWebhook {
  readonly key: string;
  readonly isActive: boolean;
  /** `null` if Partnero's response doesn't hold it. */
  readonly secret: string | null;
}

/** The webhook that delivers to the address now. */
export interface EnsuredWebhook extends FoundWebhook {
  /** Other webhooks that deliver there, and weren't deleted. */
  readonly others: number;
}

type Some = readonly [FoundWebhook, ...FoundWebhook[]];

/**
 * Makes sure that one webhook delivers these events to this address. May run any number of times, and at
 * several places at once.
 *
 * @param say takes one line for each change at Partnero
 * @param settleMs how long to wait for another run that is creating the same webhook just now
 * @throws PartneroError
 */
export async function ensureWebhook(
  webhooks: WebhooksResource,
  wanted: WantedWebhook,
  say: (line: string) => void,
  settleMs: number,
): Promise<EnsuredWebhook> {
  const at = addressOf(wanted.url);
  const [known, ...more] = await find(webhooks, wanted.url);
  const found: Some = known ? [known, ...more] : await create(webhooks, wanted, say, settleMs);
  const [own, ...twins] = ownOf(found, wanted.name);
  const events = [...new Set([own, ...twins, wanted].flatMap((each) => each.events))];
  if (!own.isActive || events.some((event) => !own.events.includes(event))) {
    await webhooks.update(own.key, { name: own.name, url: wanted.url, events, is_active: true });
    say(`Updated the webhook to ${at}: it delivers ${events.join(', ')}.`);
  }
  for (const { key } of twins) {
    await webhooks.delete(key).catch(ignoreGone);
    say(`Deleted a second webhook to ${at} of the same name.`);
  }
  return { ...own, events, isActive: true, others: found.length - 1 - twins.length };
}

/** The webhooks that deliver to this address. */
async function find(webhooks: WebhooksResource, url: string): Promise<FoundWebhook[]> {
  const found: FoundWebhook[] = [];
  for await (const webhook of webhooks.list()) {
    const read = toFound(webhook);
    if (isSame(read.url, url)) found.push(read);
  }
  return found;
}

async function create(
  webhooks: WebhooksResource,
  wanted: WantedWebhook,
  say: (line: string) => void,
  settleMs: number,
): Promise<Some> {
  const { url, events } = wanted;
  const created = await createOnce(webhooks, wanted);
  if (created) say(`Created a webhook to ${addressOf(url)} for ${events.join(', ')}.`);
  let found = await find(webhooks, url);
  if (found.some(({ key }) => key !== keyFor(url))) {
    // Partnero chose the key itself, so runs at the same time have each created a webhook.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    found = await find(webhooks, url);
  }
  const [first, ...rest] = found.map((each) =>
    each.key === created?.key ? { ...each, secret: each.secret ?? created.secret } : each,
  );
  if (first) return [first, ...rest];
  const message = "Partnero created the webhook, but doesn't list it. Look for it in Partnero.";
  throw new PartneroError({ kind: 'unreadable', message });
}

/** Resolves with what Partnero created; `null` if another run was faster. */
async function createOnce(
  webhooks: WebhooksResource,
  { name, url, events }: WantedWebhook,
): Promise<FoundWebhook | null> {
  const input = { name, url, events, is_active: true };
  try {
    // Every run asks for the same key: if keys are unique at Partnero, one of them creates it.
    return toFound(await webhooks.create({ ...input, key: keyFor(url) }));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if ((await find(webhooks, url)).length > 0) return null;
    const fields = Object.keys(error.fieldErrors);
    if (fields.length > 0 && !fields.includes('key')) throw error;
    return toFound(await webhooks.create(input));
  }
}

/** The webhook that stays, and others of the same name. Every run must choose the same. */
function ownOf(found: Some, name: string): Some {
  const sorted = found.toSorted((one, other) => (one.key < other.key ? -1 : 1));
  const [own, ...twins] = sorted.filter((each) => each.name === name);
  if (!own) return [sorted[0]!];
  // Of two webhooks with the same key, none can be deleted without the other.
  return [own, ...twins.filter(({ key }) => key !== own.key)];
}

/** Fields may be missing, or of another type than the documentation's. */
function toFound(webhook: { readonly [Field in keyof Webhook]: unknown }): FoundWebhook {
  const { key, name, url, events, is_active: active = true, signature } = webhook;
  return {
    key: stringOf(key),
    name: stringOf(name),
    url: stringOf(url),
    events: Array.isArray(events) ? events.map(stringOf) : [],
    isActive: active === true || active === 1 || active === 'true' || active === '1',
    // Anything else can't be the value of an environment variable.
    secret: /^[\x21-\x7e]+$/.test(stringOf(signature)) ? stringOf(signature) : null,
  };
}

function stringOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function keyFor(url: string): string {
  const digest = createHash('sha256').update(new URL(url).href).digest('hex');
  return `nestjs-partnero-${digest.slice(0, 16)}`;
}

function isSame(url: string, other: string): boolean {
  return URL.canParse(url) && plain(url) === plain(other);
}

/** Nest has the same route with and without a slash at the end. */
function plain(url: string): string {
  return new URL(url).href.replace(/\/(?=$|\?)/, '');
}

/** Without the query, which may hold a token. */
function addressOf(url: string): string {
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

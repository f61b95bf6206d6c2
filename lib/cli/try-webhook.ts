import { randomUUID } from 'node:crypto';
import type { Secret } from '../common/secret.js';
import { TEST_EVENT } from '../webhooks/event.model.js';
import { sign } from '../webhooks/signature.js';

/** How long Partnero waits for a response. */
const PARTNERO_WAITS_MS = 5_000;
const TIMEOUT_MS = 15_000;

/** What the route responded, and what that means. */
export interface TryResult {
  readonly ok: boolean;
  /** `null` if there was no response. */
  readonly status: number | null;
  readonly meaning: string;
}

/** What is sent. */
export interface TestEvent {
  /** Default: one that no handler asks for, unless it asks for unknown ones or all. */
  readonly name?: string | undefined;
  /** Default: an id of its own. */
  readonly data?: object | undefined;
}

/** Sends a signed event to the route of a webhook, and then one with a wrong signature. */
export async function tryWebhook(
  url: string,
  secret: Secret,
  header: string,
  { name = TEST_EVENT, data = { id: randomUUID() } }: TestEvent = {},
): Promise<TryResult> {
  const body = JSON.stringify({ event: name, url, created_at: new Date().toISOString(), data });
  const post = async (signature: string) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', [header]: signature },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    return response;
  };
  try {
    const startedAt = performance.now();
    const { ok, status } = await post(sign(Buffer.from(body), secret).toString('hex'));
    const ms = Math.round(performance.now() - startedAt);
    if (!ok) return { ok, status, meaning: MEANINGS[status] ?? elsewhere(status) };
    if (ms > PARTNERO_WAITS_MS) return { ok: false, status, meaning: tooSlow(ms) };
    const isOpen = (await post('0'.repeat(64))).ok;
    return { ok: !isOpen, status, meaning: isOpen ? UNPROTECTED : WORKS };
  } catch (error) {
    return { ok: false, status: null, meaning: `There was no response (${causeOf(error)}).` };
  }
}

const WORKS = 'The route accepted the signed event, and refused one with a wrong signature.';

const UNPROTECTED =
  'The route accepted the signed event, but also one with a wrong signature: put @PartneroWebhook() on it.';

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The signature is right, but the route or a body parser refused the event. The log of the app says why.',
  401:
    'The signature was refused. Compare PARTNERO_WEBHOOK_SECRET (or webhooks.secret) of the app with the ' +
    'secret used here. If they are the same, a proxy changes the body, or a guard of your own refused it.',
  403: 'A guard of your own, or a proxy, refused the request: let this route through.',
  404: 'There is no such route for POST. Check the path, with its global prefix and version.',
  415: 'The app reads no JSON at this route: it has no body parser for application/json.',
  500:
    "The app failed, and its log says why. If the bytes weren't kept, create the app with " +
    'NestFactory.create(AppModule, { rawBody: true }).',
  503: "The event couldn't be saved, or the option enabled is false. The log of the app says why.",
};

function elsewhere(status: number): string {
  return status < 400
    ? 'The address redirects. Use the address that it redirects to.'
    : 'This response is not one of @PartneroWebhook(). Check your route, its guards and any proxy.';
}

function tooSlow(ms: number): string {
  return (
    `The route accepted the event after ${ms} ms, but Partnero waits only ${PARTNERO_WAITS_MS} ms: handle ` +
    'events behind the response, with webhooks.dispatch() and @OnPartneroEvent().'
  );
}

function causeOf(error: unknown): string {
  const { name, cause } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `none within ${TIMEOUT_MS} ms`;
  if (cause?.code === 'ECONNREFUSED') return 'ECONNREFUSED: does the app run there?';
  return cause?.code ?? cause?.message ?? name;
}

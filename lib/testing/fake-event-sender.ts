import { setTimeout as sleep } from 'node:timers/promises';
import { timestamp } from './fake-route.js';
import { signPartneroEvent } from './sign-partnero-event.js';

/** How the fake delivers an event. */
export interface SendEventOptions {
  /** Where to. Default: every active webhook of the fake that has this event. */
  readonly url?: string | undefined;
  /** Signs the delivery. Required with `url`. */
  readonly secret?: string | undefined;
  /** The header of the signature. Default `'Signature'`. */
  readonly header?: string | undefined;
  /** When Partnero made the event. Default: now. */
  readonly createdAt?: Date | undefined;
  /** Delivers the event so many times, though the first was accepted. Default 1. */
  readonly copies?: number | undefined;
  /** How often a delivery is tried that isn't answered 2xx. Default 5; Partnero's number isn't known. */
  readonly attempts?: number | undefined;
  /** The wait before the second attempt, doubled before each further one. Milliseconds; default 1,000. */
  readonly backoffMs?: number | undefined;
  /** How long an attempt waits for the response. Milliseconds; default 5,000, which is Partnero's limit. */
  readonly timeoutMs?: number | undefined;
}

/** The result of an event at one URL. */
export interface FakeDelivery {
  readonly url: string;
  /** What was sent, byte for byte. */
  readonly body: string;
  readonly signature: string;
  /** The status of each attempt; 0: no response in time. */
  readonly statuses: readonly number[];
  /** Whether the last attempt was answered 2xx. */
  readonly delivered: boolean;
}

interface Recipient {
  readonly url: string;
  readonly key: string;
  readonly secret: string;
}

/** Delivers events, again with exponential backoff until they are answered 2xx. */
export class FakeEventSender {
  private readonly stopped = new AbortController();

  async send(
    event: string,
    data: unknown,
    { url, key, secret }: Recipient,
    options: SendEventOptions,
  ): Promise<FakeDelivery> {
    const { createdAt = new Date(), header = 'Signature', copies = 1 } = options;
    const created_at = timestamp(createdAt);
    const body = JSON.stringify({ event, url, webhook_key: key, created_at, data });
    const signature = signPartneroEvent(body, secret);
    const statuses: number[] = [];
    for (let copy = 0; copy < copies; copy += 1) {
      statuses.push(...(await this.deliver(url, body, { [header]: signature }, options)));
    }
    return { url, body, signature, statuses, delivered: isSuccess(statuses) };
  }

  /** Stops all deliveries. */
  stop(): void {
    this.stopped.abort();
  }

  private async deliver(
    url: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    { attempts = 5, backoffMs = 1_000, timeoutMs = 5_000 }: SendEventOptions,
  ): Promise<number[]> {
    const { signal } = this.stopped;
    const statuses: number[] = [];
    do {
      const waitMs = statuses.length > 0 ? backoffMs * 2 ** (statuses.length - 1) : 0;
      if (waitMs > 0) await sleep(waitMs, undefined, { signal, ref: false }).catch(() => {});
      statuses.push(await this.post(url, body, headers, timeoutMs));
    } while (!isSuccess(statuses) && statuses.length < attempts && !signal.aborted);
    return statuses;
  }

  private async post(
    url: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
  ): Promise<number> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([this.stopped.signal, AbortSignal.timeout(timeoutMs)]),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }
}

function isSuccess(statuses: readonly number[]): boolean {
  const last = statuses.at(-1) ?? 0;
  return last >= 200 && last < 300;
}

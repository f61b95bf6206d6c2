import { setTimeout as sleep } from 'node:timers/promises';
import { writeEvent, type FakeEventFormat } from './fake-event.js';
import { signPartneroEvent } from './sign-partnero-event.js';

/** How the fake delivers an event. */
export interface SendEventOptions extends FakeEventFormat {
  /** Where to. Default: to every active webhook that was made at the fake for such events. */
  readonly url?: string | undefined;
  /** What to sign with; needed with `url`. */
  readonly secret?: string | undefined;
  /** Name of the header with the signature. Default `'Signature'`. */
  readonly header?: string | undefined;
  /** Writes the signature in capitals. */
  readonly upperCase?: boolean | undefined;
  /** Delivers the same bytes so many times, though the first was taken. Default 1. */
  readonly copies?: number | undefined;
  /** How often a delivery is tried that isn't answered 2xx; Partnero's number isn't known. Default 5. */
  readonly attempts?: number | undefined;
  /** Wait before the second attempt, doubled before each further one. Default 1,000 ms. */
  readonly backoffMs?: number | undefined;
  /** An answer must be there by then, as Partnero asks for it. Default 5,000 ms. */
  readonly timeoutMs?: number | undefined;
}

/** What became of an event at one address. */
export interface FakeDelivery {
  readonly url: string;
  /** What was sent, byte for byte. */
  readonly body: string;
  readonly signature: string;
  /** What each attempt was answered; 0: nothing, or too late. */
  readonly statuses: readonly number[];
  /** Whether the last attempt was answered 2xx. */
  readonly delivered: boolean;
}

/** Whom an event goes to. */
export interface FakeRecipient {
  readonly url: string;
  readonly webhookKey: string;
  readonly secret: string;
}

/** Delivers events, and again with exponential backoff if they aren't taken. */
export class FakeEventSender {
  private readonly stopped = new AbortController();

  async send(
    event: string,
    data: unknown,
    recipient: FakeRecipient,
    options: SendEventOptions,
  ): Promise<FakeDelivery> {
    const { url, secret } = recipient;
    const body = writeEvent(event, data, recipient, options);
    const signed = signPartneroEvent(body, secret);
    const signature = options.upperCase ? signed.toUpperCase() : signed;
    const { header = 'Signature', copies = 1, timeoutMs = 5_000 } = options;
    const post = () => this.post(url, body, { [header]: signature }, timeoutMs);
    const statuses: number[] = [];
    for (let copy = 0; copy < copies; copy += 1) {
      statuses.push(...(await this.insist(post, options)));
    }
    return { url, body, signature, statuses, delivered: isSuccess(statuses.at(-1)!) };
  }

  /** Ends all that is still being tried. */
  stop(): void {
    this.stopped.abort();
  }

  private async insist(
    post: () => Promise<number>,
    { attempts = 5, backoffMs = 1_000 }: SendEventOptions,
  ): Promise<number[]> {
    const statuses = [await post()];
    const { signal } = this.stopped;
    while (!isSuccess(statuses.at(-1)!) && statuses.length < attempts && !signal.aborted) {
      const ms = backoffMs * 2 ** (statuses.length - 1);
      await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
      statuses.push(await post());
    }
    return statuses;
  }

  private async post(
    url: string,
    body: string,
    headers: Record<string, string>,
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

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

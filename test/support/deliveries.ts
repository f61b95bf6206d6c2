import { signPartneroEvent } from 'nestjs-partnero/testing';

/** The secret of the tests' webhooks. */
export const SECRET = 'b7Xk29QmZt4LwPe1';

export interface Delivery {
  secret?: string;
  /** Sent as it is; `null`: no header. Default: the valid one for `secret`. */
  signature?: string | null;
  header?: string;
  headers?: Record<string, string>;
}

/** Sends bytes as Partnero does, or with changes. */
export function deliver(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  { secret = SECRET, header = 'Signature', headers = {}, ...given }: Delivery = {},
): Promise<Response> {
  const { signature = signPartneroEvent(body, secret) } = given;
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(signature === null ? {} : { [header]: signature }),
      ...headers,
    },
    body,
  });
}

/** The body of an event, as Partnero's documentation shows it. */
export function eventBody(event: string, data: unknown = {}, more: object = {}): string {
  return JSON.stringify({
    event,
    url: 'https://app.example.com/webhooks/partnero',
    webhook_key: 'wh_1',
    created_at: new Date().toISOString(),
    data,
    ...more,
  });
}

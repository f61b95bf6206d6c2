import type { ApiCaller } from '../api.caller.js';
import type { CallOptions } from '../call-options.js';

/**
 * Partnero's id of the partner with this referral key, or `undefined` if the answer doesn't tell.
 * `GET /partner?key=…`: not in the public reference, sent by the vendor's own client.
 *
 * @throws PartneroError
 */
export async function findPartnerId(
  caller: ApiCaller,
  key: string,
  options: CallOptions = {},
): Promise<string | undefined> {
  const { data } = await caller.send<{ id?: unknown }>({
    path: ['partner'],
    query: { key },
    ...options,
  });
  return typeof data?.id === 'string' ? data.id : undefined;
}

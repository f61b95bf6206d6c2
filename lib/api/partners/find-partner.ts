import type { CallOptions } from '../call-options.js';
import type { PartneroApiClient } from '../partnero-api.client.js';

/**
 * Partnero's id of the partner with this referral key, or `undefined` if the answer doesn't tell.
 * `GET /partner?key=…`: not in the public reference, sent by the vendor's own client.
 *
 * @throws PartneroError
 */
export async function findPartnerId(
  client: PartneroApiClient,
  key: string,
  options: CallOptions = {},
): Promise<string | undefined> {
  const { data } = await client.send<{ id?: unknown }>({
    path: ['partner'],
    query: { key },
    ...options,
  });
  return typeof data?.id === 'string' ? data.id : undefined;
}

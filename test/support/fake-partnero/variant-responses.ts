import * as fake from '#lib/testing/fake-route.js';
import type { FakeResponse, Fields } from '#lib/testing/fake-route.js';
import type { FakeStore } from '#lib/testing/fake-store.js';
import type { FakeApiVariants } from './api-variants.js';

/** Makes the response of the variants chosen of one of `FakePartnero`. */
export function varyResponse(
  methodAndPath: string,
  response: FakeResponse,
  apiVariants: FakeApiVariants,
  store: FakeStore,
): FakeResponse {
  const status = statusOf(methodAndPath, response.status, apiVariants);
  if (status === 204) return { status };
  const { status: _, data, ...rest } = response.body ?? {};
  if (data === undefined) return response;
  const isOfPartners = /^\S+ \/partners?\b/.test(methodAndPath);
  const varied = isOfPartners
    ? varyPartners(data, apiVariants, store)
    : varyReferrers(data, apiVariants, store);
  const body = { data: varied, ...rest };
  return { status, body: apiVariants.statusField ? { ...body, status: 1 } : body };
}

function statusOf(
  methodAndPath: string,
  status: number,
  { createStatus, transactionStatus }: FakeApiVariants,
): number {
  const isSale = /^POST \/(transactions|\w+_referral_links)$/.test(methodAndPath);
  if (isSale) return transactionStatus;
  return status === 201 ? createStatus : status;
}

/** The same for a refusal. */
export function varyRefusal(
  methodAndPath: string,
  { status, body }: FakeResponse,
  apiVariants: FakeApiVariants,
): fake.FakeRefusal {
  const { errorBody, duplicateStatus, unknownPartnerStatus, unknownCustomer } = apiVariants;
  const message = String(body?.['message']);
  let errors = body?.['errors'];
  let varied = status;
  const isOfKeys = /^POST \/(customers|transactions)$/.test(methodAndPath);
  if (isOfKeys && message.endsWith('has already been taken.')) varied = duplicateStatus;
  const [, unknown] = /^The (\w+) could not be found\.$/.exec(message) ?? [];
  if (unknown !== undefined) {
    const asked = unknown === 'customer' ? unknownCustomer : unknownPartnerStatus;
    varied = asked === 'recorded' ? 422 : asked;
    errors = varied === 422 ? { [unknown]: [message] } : undefined;
  }
  const isNamed = errors !== undefined && errorBody !== 'message';
  return new fake.FakeRefusal({
    status: varied,
    body: {
      status: 0,
      ...(errorBody !== 'errors' || !isNamed ? { message } : {}),
      ...(isNamed ? { errors } : {}),
    },
  });
}

/** Customers and transactions name their partner by id or by key. */
function varyReferrers(data: unknown, apiVariants: FakeApiVariants, store: FakeStore): unknown {
  if (apiVariants.partnerField === 'id') return data;
  if (Array.isArray(data)) return data.map((row) => varyReferrers(row, apiVariants, store));
  if (!fake.isFields(data)) return data;
  const entries = Object.entries(data).map(([name, value]) => {
    const isPartner = name === 'partner' && typeof value === 'string';
    const partner = isPartner ? store.findPartner({ id: value }) : undefined;
    return [name, partner?.key ?? varyReferrers(value, apiVariants, store)];
  });
  return Object.fromEntries(entries) as Fields;
}

/** Partners have an id, a key, or both. */
function varyPartners(data: unknown, apiVariants: FakeApiVariants, store: FakeStore): unknown {
  const { partnerAnswers } = apiVariants;
  if (Array.isArray(data)) return data.map((row) => varyPartners(row, apiVariants, store));
  if (!fake.isFields(data) || partnerAnswers === 'id') return data;
  const { id, ...rest } = data;
  const key = store.findPartner({ id })?.key;
  return partnerAnswers === 'both' ? { ...data, key } : { ...rest, key };
}

import type { NewCustomer } from './customer-input.js';

/** What an attribution job needs beside its customer's key (the ordering key) and the referral key. */
export interface AttributionPayload {
  readonly fields: NewCustomer['fields'];
  readonly route?: string | undefined;
}

/** @throws TypeError if a field can't be written as JSON: it refers to itself, or is a bigint */
export function writePayload({ fields, route }: AttributionPayload): string {
  return JSON.stringify({ fields, route });
}

export function readPayload(payload: string): AttributionPayload | undefined {
  try {
    const value = JSON.parse(payload) as Partial<AttributionPayload> | null;
    return value?.fields ? { fields: value.fields, route: value.route } : undefined;
  } catch {
    return undefined;
  }
}

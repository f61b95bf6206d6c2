import type { ApiCaller } from '../api.caller.js';
import type { CallOptions } from '../call-options.js';

/** The program that the API key belongs to. `null` where the answer doesn't tell. */
export interface ProgramInfo {
  /** In Partnero's own words, such as `affiliate` or `refer_a_friend`. */
  readonly type: string | null;
  /** The public id, as in the browser snippet. */
  readonly publicId: string | null;
}

/**
 * `GET /test`: shows that the API key works, and whose it is.
 * @throws PartneroError
 */
export async function ping(caller: ApiCaller, options: CallOptions = {}): Promise<ProgramInfo> {
  const { data } = await caller.send<{ program?: { type?: unknown; pub_id?: unknown } }>({
    path: ['test'],
    ...options,
  });
  return { type: textOf(data?.program?.type), publicId: textOf(data?.program?.pub_id) };
}

/** Partnero spells types in more than one way: `refer_a_friend`, `Referral`, `Affiliate`. */
export function isProgramType(type: string, program: 'affiliate' | 'refer-a-friend'): boolean {
  const plain = type.toLowerCase().replaceAll(/[^a-z]/g, '');
  return program === 'affiliate'
    ? plain === 'affiliate'
    : ['referafriend', 'referral'].includes(plain);
}

const MAX_TEXT = 100;

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : null;
}

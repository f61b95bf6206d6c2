import { createHash } from 'node:crypto';

/** Perhaps an e-mail address; or characters that would start a new line, or control a terminal. */
const UNFIT = /[@\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const MAX_LENGTH = 200;

/** Whom a log line is about: `user-1, partner ann`. */
export function customerInLog(customerKey: string, referralKey: string | null): string {
  const partner = referralKey === null ? '' : `, partner ${maskKey(referralKey)}`;
  return `${maskKey(customerKey)}${partner}`;
}

/** A key fit for logs and outcomes: one that is personal, unprintable or very long becomes a hash. */
export function maskKey(key: string): string {
  if (key.length <= MAX_LENGTH && !UNFIT.test(key)) return key;
  return `sha256:${createHash('sha256').update(key).digest('hex').slice(0, 12)}`;
}

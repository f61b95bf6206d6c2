import { createHash } from 'node:crypto';
import type { ProgramType } from './referral.options.js';

const PREFIX = 'pr1';
/** Of the longest key that the options allow, in the widest characters. */
const MAX_TOKEN_LENGTH = 16_400;

export function toToken(key: string, program: ProgramType): string {
  return `${PREFIX}.${Buffer.from(key, 'utf8').toString('base64url')}.${checksum(key, program)}`;
}

/** The key in a token, or `undefined` where it is damaged, too long, or not of this program type. */
export function fromToken(token: string, program: ProgramType): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const [prefix, body] = token.split('.', 2);
  if (prefix !== PREFIX || !body) return undefined;
  const key = Buffer.from(body, 'base64url').toString('utf8');
  return toToken(key, program) === token ? key : undefined;
}

/** Tells damage and foreign text from a token of ours; it isn't a signature. */
function checksum(key: string, program: ProgramType): string {
  return createHash('sha256').update(`${program}\n${key}`).digest('base64url').slice(0, 8);
}

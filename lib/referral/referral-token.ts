import { createHash } from 'node:crypto';
import type { ProgramType } from './referral.options.js';

const PREFIX = 'pr1';
const MAX_TOKEN_LENGTH = 8192;

export function toToken(key: string, program: ProgramType): string {
  return `${PREFIX}.${Buffer.from(key, 'utf8').toString('base64url')}.${checksum(key, program)}`;
}

/** The key in a token, or `undefined` where it is damaged, too long, or not of this program type. */
export function fromToken(token: string, program: ProgramType): string | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const [prefix, body, check, ...rest] = token.split('.');
  if (prefix !== PREFIX || !body || !check || rest.length > 0) return undefined;
  const key = Buffer.from(body, 'base64url').toString('utf8');
  return checksum(key, program) === check ? key : undefined;
}

/** Tells damage and foreign text from a token of ours; it isn't a signature. */
function checksum(key: string, program: ProgramType): string {
  return createHash('sha256').update(`${program}\n${key}`).digest('base64url').slice(0, 8);
}

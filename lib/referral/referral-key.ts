/** Why something that stood where a key belongs isn't one. */
export type KeyRefusal = 'too_long' | 'control_characters';

export type KeyCheck = { key: string } | { refused: KeyRefusal } | null;

// What scripts and templates write when they have no value.
const PLACEHOLDERS = new Set(['', 'null', 'undefined', '[object Object]']);

const REFUSALS: Readonly<Record<KeyRefusal, string>> = {
  too_long: 'it is longer than referral.maxLength',
  control_characters: 'it holds control characters',
};

const CONTROL = /\p{Cc}/u;

/**
 * Tells a usable key from nothing (`null`) and from rubbish (`refused`). Never cuts: half a key is
 * another partner's key, or nobody's.
 */
export function checkKey(value: unknown, maxLength: number): KeyCheck {
  if (typeof value !== 'string') return null;
  const key = value.trim();
  if (PLACEHOLDERS.has(key)) return null;
  if (key.length > maxLength) return { refused: 'too_long' };
  if (CONTROL.test(key) || !key.isWellFormed()) return { refused: 'control_characters' };
  return { key };
}

/** For a log line: why, and never what. */
export function describeRefusal(why: KeyRefusal): string {
  return REFUSALS[why];
}

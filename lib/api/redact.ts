import { decodeUri } from '../common/decode-uri.js';

/**
 * More than any rule on a field takes. Longer messages are dropped, since searching them takes long, and
 * longer values can't be in them.
 */
const MAX_SEARCHED = 10_000;
const MAX_LENGTH = 200;
const MAX_NAME_LENGTH = 60;
const WORD = /[^\s"'<>(),;:]+/g;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** A server that rejects a value may send it back encoded, even more than once. */
const MAX_ENCODINGS = 3;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Removes from Partnero's responses what was sent, before it reaches an error, a log line or a reason. */
export class Redactor {
  readonly #values: readonly string[];
  readonly #names: ReadonlySet<string>;

  constructor(...sent: unknown[]) {
    this.#values = valuesIn(sent);
    this.#names = new Set(namesIn(sent));
  }

  /**
   * A message without what was sent, e-mail addresses and control characters; not longer than 200
   * characters.
   */
  message(text: string): string {
    if (text.length > MAX_SEARCHED) return '…';
    let clean = decode(text);
    for (const value of this.#values) {
      clean = clean.replaceAll(new RegExp(escape(value), 'gi'), '…');
    }
    clean = clean.replaceAll(WORD, (word) => (word.includes('@') ? '…' : word));
    // Cut last: half a value wouldn't be found.
    return clean.replaceAll(CONTROL, ' ').slice(0, MAX_LENGTH);
  }

  /** The name of a field. It may be data too, unless it is one that was sent, such as `partner.key`. */
  fieldName(name: string): string {
    if (name.split('.').every((part) => this.#names.has(part))) return name;
    return this.message(name)
      .slice(0, MAX_NAME_LENGTH)
      .replaceAll(/[^\w.*…-]/g, '');
  }
}

/** Undoes percent-encoding, HTML's entities and JavaScript's escapes. */
function decode(text: string): string {
  let decoded = text;
  for (let i = 0; i < MAX_ENCODINGS; i += 1) {
    const before = decoded;
    decoded = decoded
      .replaceAll(/(?:%[\da-f]{2})+/gi, decodeUri)
      .replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,4}));/gi, decodeEntity)
      .replaceAll(/\\u([\da-f]{4})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
      .replaceAll(/\\(["'\\/])/g, '$1');
    if (decoded === before) break;
  }
  return decoded;
}

function decodeEntity(entity: string, decimal?: string, hex?: string, name?: string): string {
  if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? entity;
  const point = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal);
  return point <= 0x10ffff ? String.fromCodePoint(point) : entity;
}

/** The longest first: a value that is part of another one must not leave the rest of it behind. */
function valuesIn(sent: unknown[]): string[] {
  return sent
    .flatMap(stringsIn)
    .flatMap((value) => [value, decode(value)])
    .filter(({ length }) => length > 1 && length <= MAX_SEARCHED)
    .toSorted((a, b) => b.length - a.length);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number' || typeof value === 'bigint') return [String(value)];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(namesIn)];
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

import { decodeUri } from '../common/decode-uri.js';

/**
 * The values of every cookie of that name, the last one first. Of a host-only and a domain cookie
 * the last is the younger one; parsers that build a map keep the first.
 */
export function cookieValues(header: string, name: string): string[] {
  const values: string[] = [];
  if (!header.includes(name)) return values;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
    values.unshift(decodeUri(unquote(pair.slice(equals + 1).trim())));
  }
  return values;
}

function unquote(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1)
    : value;
}

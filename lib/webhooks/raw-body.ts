/** What of a request is looked at here; the same on Express and on Fastify. */
export interface IncomingDelivery {
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/** The bytes as they came; `lost` if a parser took them and kept none; `none` if there are none. */
export type RawBody =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'lost' }
  | { readonly type: 'none' };

/**
 * Where parsers leave the bytes: `rawBody` (Nest's `rawBody: true`), or `body` behind a parser for raw
 * bodies or texts. A parsed body is never turned into bytes again: they would be others.
 */
export function rawBodyOf({ rawBody, body, headers = {} }: IncomingDelivery): RawBody {
  const bytes = asBytes(rawBody) ?? asBytes(body);
  if (bytes) return { type: 'bytes', bytes };
  return claimsBody(headers) && isJson(headers['content-type'])
    ? { type: 'lost' }
    : { type: 'none' };
}

function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  // Of bytes that are no UTF-8, a text makes others: then no signature matches.
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : undefined;
}

function claimsBody(headers: Readonly<Record<string, unknown>>): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
  return encoding !== undefined || length !== '0';
}

function isJson(type: unknown): boolean {
  return typeof type === 'string' && /[/+]json\b/i.test(type);
}

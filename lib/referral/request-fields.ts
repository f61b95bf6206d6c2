/**
 * Reads fields of whatever a framework calls a request: Express, Fastify, `node:http`, the Fetch
 * API, or an object with `headers`. Never throws; what isn't there is `undefined`.
 */
export function hasHeaders(request: unknown): boolean {
  return isObject(request) && isObject(request['headers']);
}

export function headerOf(request: unknown, name: string): string | undefined {
  const headers = isObject(request) ? request['headers'] : undefined;
  if (!isObject(headers)) return undefined;
  const value: unknown =
    typeof headers['get'] === 'function' ? headers['get'](name) : headers[name];
  if (Array.isArray(value)) return name === 'cookie' ? value.join(';') : firstText(value);
  return typeof value === 'string' ? value : undefined;
}

export function queryOf(request: unknown, name: string): string | undefined {
  if (!isObject(request)) return undefined;
  const query = request['query'];
  if (isObject(query)) {
    return Object.hasOwn(query, name) ? firstText(query[name]) : undefined;
  }
  const url = textOf(request, 'url') ?? '';
  const start = url.indexOf('?');
  if (start === -1) return undefined;
  return new URLSearchParams(url.slice(start + 1)).get(name) ?? undefined;
}

export function bodyFieldOf(request: unknown, name: string): string | undefined {
  const body = isObject(request) ? request['body'] : undefined;
  return isObject(body) && Object.hasOwn(body, name) ? firstText(body[name]) : undefined;
}

/** A field of the request itself, such as its `method`. */
export function textOf(request: unknown, name: string): string | undefined {
  const value = isObject(request) ? request[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** `?aff=A&aff=B` is a list in most parsers: the first text of it. */
function firstText(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value)
    ? value.find((item) => typeof item === 'string')
    : value;
  return typeof first === 'string' ? first : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

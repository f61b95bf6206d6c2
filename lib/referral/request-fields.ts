import { isObject } from '../common/is-object.js';

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
    typeof headers['get'] === 'function' ? headers['get'](name) : fieldOf(headers, name);
  if (Array.isArray(value)) return name === 'cookie' ? value.join(';') : firstText(value);
  return typeof value === 'string' ? value : undefined;
}

export function queryOf(request: unknown, name: string): string | undefined {
  if (!isObject(request)) return undefined;
  const query = request['query'];
  if (isObject(query)) {
    // `URLSearchParams`
    if (typeof query['get'] === 'function') return firstText(query['get'](name));
    return Object.hasOwn(query, name) ? firstText(query[name]) : undefined;
  }
  const url = textOf(request, 'url') ?? '';
  const start = url.indexOf('?');
  if (start === -1) return undefined;
  const [search] = url.slice(start + 1).split('#');
  return new URLSearchParams(search).get(name) ?? undefined;
}

/** Servers give names in lower case; by hand, and from gateways, they come as they were written. */
function fieldOf(headers: Record<string, unknown>, name: string): unknown {
  if (Object.hasOwn(headers, name)) return headers[name];
  const key = Object.keys(headers).find((each) => each.toLowerCase() === name);
  return key === undefined ? undefined : headers[key];
}

export function bodyFieldOf(request: unknown, name: string): string | undefined {
  const body = isObject(request) ? request['body'] : undefined;
  if (!isObject(body) || !Object.hasOwn(body, name)) return undefined;
  const field = body[name];
  // With `attachFieldsToBody: true`, `@fastify/multipart` wraps each field.
  return firstText(isObject(field) && 'value' in field ? field['value'] : field);
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

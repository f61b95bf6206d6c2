import { toKey } from '../common/customer-id.js';
import { decodeUri } from '../common/decode-uri.js';
import type { CallOptions } from './call-options.js';
import { PartneroError, type PartneroErrorKind } from './partnero.error.js';

/** One call to Partnero's API. */
export interface PartneroRequest extends CallOptions {
  /** Default `GET`. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  /**
   * Behind the base URL, such as `/partners` or `/partners:search`. Percent-encode ids in it, or give
   * a list of segments, of which all but the first are encoded: `['partners', id, 'archive']`.
   */
  readonly path: string | readonly string[];
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Sent as JSON. Never with a `GET`. */
  readonly body?: unknown;
  /** How often a `GET`, `PUT` or `DELETE` is repeated that fails in a way that may pass. Default 0. */
  readonly retries?: number | undefined;
}

/** A call as resources make it. */
export interface ApiRequest extends PartneroRequest {
  /** Of a `POST`: carried out twice it does no more than once. Other methods are repeatable. */
  readonly repeatable?: boolean | undefined;
  /**
   * What Partnero answers if it has carried the call out before. Of a call that is repeated because an
   * answer was lost, this means that all is well.
   */
  readonly doneIf?: PartneroErrorKind | undefined;
  /** Amounts in the answer become decimal texts, without loss. */
  readonly exact?: boolean | undefined;
}

// https://www.rfc-editor.org/rfc/rfc3986#section-3.3
const IS_PATH = /^\/[^/?#\s\\][^?#\s\\]*$/;
const CLIMBS = /\/(\.|%2e){1,2}(\/|$)/i;
const NOT_IN_PATHS = /[^\w.~!$&'()*+,;=:@%/-]+/g;

/** @throws PartneroError `invalid_input` if the path would lead elsewhere than it says */
export function urlOf(baseUrl: string, { path, query }: PartneroRequest): string {
  const url = baseUrl + pathOf(path);
  if (!query) return url;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size > 0 ? `${url}?${search.toString()}` : url;
}

/**
 * The JSON to send, if any.
 * @throws PartneroError `invalid_input` if there is none for it
 */
export function bodyOf({ method = 'GET', body }: PartneroRequest): string | undefined {
  if (body === undefined || method === 'GET') return undefined;
  try {
    return JSON.stringify(body);
  } catch {
    throw new PartneroError({
      kind: 'invalid_input',
      message: "This can't be sent to Partnero: the body has no form in JSON.",
    });
  }
}

/** Names a call without what may be personal in it: an id can be an e-mail address. */
export function nameOf({ method = 'GET', path }: PartneroRequest): string {
  const segments = typeof path === 'string' ? path.split('/').slice(1) : path;
  const [first = '', ...rest] = segments;
  return `${method} /${first.replaceAll(/[^\w:-]/g, '')}${rest.length > 0 ? '/…' : ''}`;
}

/** All of a path that may be personal. */
export function idsIn({ path }: PartneroRequest): string[] {
  if (typeof path !== 'string') return path.slice(1);
  return path
    .split('/')
    .slice(2)
    .flatMap((segment) => [segment, decodeUri(segment)]);
}

/** Callers without types may give anything. */
function pathOf(path: unknown): string {
  if (typeof path === 'string') return checkedPath(path);
  if (Array.isArray(path)) return joinSegments(path);
  throw invalidPath('it is neither a string nor a list of segments');
}

function joinSegments(segments: readonly unknown[]): string {
  const [resource = '', ...given] = segments;
  const ids = given.map(toKey).map((id) => {
    // An empty id would address the whole collection, and dots the folder above.
    if (id === undefined || id === '.' || id === '..' || !id.isWellFormed()) {
      throw invalidPath('an id in the path is empty, no text, or consists of dots');
    }
    return encodeURIComponent(id);
  });
  return checkedPath(`/${[String(resource), ...ids].join('/')}`);
}

function checkedPath(path: string): string {
  if (!IS_PATH.test(path) || CLIMBS.test(path) || !path.isWellFormed()) {
    throw invalidPath("it must begin with one '/' and hold no '?', '#', blank or dot segment");
  }
  return path.replace(NOT_IN_PATHS, encodeURIComponent);
}

function invalidPath(why: string): PartneroError {
  return new PartneroError({
    kind: 'invalid_input',
    message: `This path can't be sent to Partnero: ${why}.`,
  });
}

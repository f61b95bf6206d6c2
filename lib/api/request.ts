import { PartneroError } from './partnero.error.js';

/** One call to Partnero's API. */
export interface PartneroRequest {
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
  /** Cuts the call off; it then rejects with the kind `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** For this call only. Milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** @throws PartneroError `invalid_input` if the path would lead elsewhere than it says */
export function urlOf(baseUrl: string, { path, query = {} }: PartneroRequest): string {
  const route = typeof path === 'string' ? checkedPath(path) : joinSegments(path);
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const suffix = search.size > 0 ? `?${search.toString()}` : '';
  return `${baseUrl}${route}${suffix}`;
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
    .flatMap((segment) => [segment, decoded(segment)]);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function joinSegments(segments: readonly string[]): string {
  const [resource = '', ...ids] = segments;
  for (const id of ids) {
    // An empty id would address the whole collection, and dots the folder above.
    if (id === '' || id === '.' || id === '..' || !id.isWellFormed()) {
      throw invalidPath('an id in the path is empty or consists of dots');
    }
  }
  return checkedPath(`/${[resource, ...ids.map(encodeURIComponent)].join('/')}`);
}

function checkedPath(path: string): string {
  const safe = /^\/[^/?#\s\\][^?#\s\\]*$/.test(path);
  const climbs = path.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
  if (!safe || climbs) {
    throw invalidPath("it must begin with one '/' and hold no '?', '#', blank or dot segment");
  }
  return path;
}

function invalidPath(why: string): PartneroError {
  return new PartneroError({
    kind: 'invalid_input',
    message: `This path can't be sent to Partnero: ${why}.`,
  });
}

/** JSON, read as an object. */
export type Fields = Readonly<Record<string, unknown>>;

/** A request, as a route of the fake sees it. */
export interface FakeCall {
  /** What stands in the path for `:key` and the like, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Empty if the request has no body. */
  readonly body: Fields;
}

/** What the fake responds with. */
export interface FakeResponse {
  readonly status: number;
  /** Sent as JSON; absent: no body. */
  readonly body?: Fields;
}

/** Responds to the requests to one method and path. */
export type FakeRoute = (call: FakeCall) => FakeResponse;

/** Routes by method and path, such as `'GET /customers/:key'`. */
export type FakeRoutes = Readonly<Record<string, FakeRoute>>;

/** Finds the route of a request. Routes that are added later come first. */
export class FakeRouter {
  private readonly routes: { readonly pattern: RegExp; readonly route: FakeRoute }[] = [];

  add(routes: FakeRoutes): void {
    for (const [methodAndPath, route] of Object.entries(routes)) {
      const escaped = methodAndPath.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
      const source = escaped.replaceAll(/\/:(\w+)/g, '/(?<$1>[^/]+)');
      this.routes.unshift({ pattern: new RegExp(`^${source}$`), route });
    }
  }

  /** @throws FakeRefusal 404 if there is no such route, or whatever the route throws */
  respond(methodAndPath: string, call: Omit<FakeCall, 'params'>): FakeResponse {
    for (const { pattern, route } of this.routes) {
      const match = pattern.exec(methodAndPath);
      if (!match) continue;
      const params: Record<string, string> = {};
      for (const [name, value] of Object.entries(match.groups ?? {})) params[name] = decode(value);
      return route({ ...call, params });
    }
    return refuse(404, `The route ${methodAndPath} could not be found.`);
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Partnero responds with an error. */
export class FakeRefusal extends Error {
  constructor(readonly response: FakeResponse) {
    super(`The fake responds with ${response.status}.`);
  }
}

/** @throws FakeRefusal */
export function refuse(status: number, message: string, errors?: Fields): never {
  throw new FakeRefusal({ status, body: { status: 0, message, ...(errors ? { errors } : {}) } });
}

/** @throws FakeRefusal 422 */
export function refuseInvalid(fields: readonly string[]): never {
  const errors = fields.map(
    (name) => [name, [`The ${name} field is missing or invalid.`]] as const,
  );
  return refuse(422, 'The given data was invalid.', Object.fromEntries(errors));
}

/** @throws FakeRefusal 422 */
export function refuseTaken(field: string): never {
  const message = `The ${field} has already been taken.`;
  return refuse(422, message, { [field]: [message] });
}

/** @throws FakeRefusal 422 that names the fields which aren't valid */
export function validate(fields: Readonly<Record<string, boolean>>): void {
  const invalid = Object.keys(fields).filter((name) => !fields[name]);
  if (invalid.length > 0) refuseInvalid(invalid);
}

export function success(data?: unknown, status = 200): FakeResponse {
  return { status, body: { ...(data === undefined ? {} : { data }), status: 1 } };
}

/** One page of a list. Partnero's lists have no total. */
export function pageOf<T>(
  rows: readonly T[],
  { query }: FakeCall,
  show: (row: T) => unknown,
): FakeResponse {
  const { limit = '15', page = '1', sort } = query;
  const [size, number] = [Number(limit), Number(page)];
  const isPage = Number.isInteger(number) && number >= 1;
  validate({ limit: Number.isInteger(size) && size >= 1 && size <= 250, page: isPage });
  const end = number * size;
  const items = (sort === 'desc' ? rows.toReversed() : rows).slice(end - size, end);
  const links = {
    first: urlOfPage(1),
    last: null,
    prev: number > 1 ? urlOfPage(number - 1) : null,
    next: end < rows.length ? urlOfPage(number + 1) : null,
  };
  const from = items.length > 0 ? end - size + 1 : null;
  const to = items.length > 0 ? end - size + items.length : null;
  const meta = { current_page: number, from, per_page: size, to };
  return { status: 200, body: { data: items.map(show), links, meta, status: 1 } };
}

function urlOfPage(page: number): string {
  return `https://api.partnero.com/v1?page=${page}`;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it names somebody, by `key`, `id` or `email`. */
export function isReference(value: unknown): value is Fields {
  return isFields(value) && Object.values(value).some(stringOf);
}

/** A string with content, or `undefined`. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether it is absent or valid. */
export function optional(value: unknown, isValid: (value: unknown) => boolean): boolean {
  return value === undefined || value === null || isValid(value);
}

/** With microseconds, as Partnero writes it. */
export function timestamp(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

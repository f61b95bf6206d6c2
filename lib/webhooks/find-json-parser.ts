/** Of an HTTP adapter of Nest's, what is needed here. */
export interface ProbedAdapter {
  getType(): string;
  getInstance(): unknown;
  /** Fastify's only: whether Nest has put its parser there. */
  readonly isParserRegistered?: boolean;
}

/** Reads the body `{}` of a request, as the app would, and puts on it what the app would put on it. */
export type JsonParser = (request: object) => Promise<unknown>;

/** The body that a {@link JsonParser} is to read. */
export const PROBED_BODY = Buffer.from('{}');

/**
 * The parser that reads an app's JSON first, found in what Express 4 and 5 and Fastify 4 and 5 keep to
 * themselves; `undefined` if there is none, or none that can be tried out alone.
 */
export function findJsonParser(adapter: ProbedAdapter): JsonParser | undefined {
  switch (adapter.getType()) {
    case 'express':
      return expressParser(adapter.getInstance() as ExpressApp);
    case 'fastify':
      // Where the app has put its own, hooks may come before it that can't be seen yet.
      return adapter.isParserRegistered
        ? fastifyParser(adapter.getInstance() as object)
        : undefined;
    default:
      return undefined;
  }
}

interface ExpressLayer {
  readonly handle?: { readonly name?: string } | undefined;
  /** Express 5: it stands at the root. */
  readonly slash?: boolean;
  /** The same in Express 4. */
  readonly regexp?: { readonly fast_slash?: boolean } | undefined;
}

/** Has `_router` in Express 4, where to read `router` throws. */
type ExpressApp = Readonly<
  Record<string, { readonly stack?: readonly ExpressLayer[] } | undefined>
>;

function expressParser(app: ExpressApp): JsonParser | undefined {
  const stack = (app['_router'] ?? app['router'])?.stack ?? [];
  const first = stack.find(
    (layer) => isAtRoot(layer) && /^(json|raw|text)Parser$/.test(layer.handle?.name ?? ''),
  );
  // Parsers of other types leave the bytes in `body`, if the type is theirs.
  if (first?.handle?.name !== 'jsonParser') return undefined;
  const handle = first.handle as unknown as Callback;
  return (request) => promised((done) => handle(request, {}, done));
}

function isAtRoot({ slash, regexp }: ExpressLayer): boolean {
  return slash ?? regexp?.fast_slash ?? false;
}

interface FastifyParser {
  readonly asString?: boolean;
  readonly asBuffer?: boolean;
  readonly fn: Callback;
}

interface FastifyParsers {
  getParser(type: string): FastifyParser | undefined;
}

function fastifyParser(instance: object): JsonParser | undefined {
  const parsers = inner(instance, 'fastify.contentTypeParser') as FastifyParsers | undefined;
  const parser = parsers?.getParser('application/json');
  if (!parser || !(parser.asBuffer || parser.asString)) return undefined;
  const body = parser.asString ? PROBED_BODY.toString() : PROBED_BODY;
  return async (request) => {
    const parsed = await promised((done) => parser.fn(request, body, done));
    return Object.assign(request, { body: parsed });
  };
}

/** What Fastify keeps under a symbol; perhaps inherited, since an instance may be a view of another. */
function inner(instance: object, name: string): unknown {
  for (let at: object | null = instance; at; at = Object.getPrototypeOf(at) as object | null) {
    const key = Object.getOwnPropertySymbols(at).find(({ description }) => description === name);
    if (key) return (instance as Record<symbol, unknown>)[key];
  }
  return undefined;
}

type Done = (error?: unknown, result?: unknown) => void;
type Callback = (request: object, other: unknown, done: Done) => unknown;

function promised(call: (done: Done) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done: Done = (error, result) => (error ? reject(error) : resolve(result));
    const returned = call(done);
    if (returned instanceof Promise) returned.then(resolve, reject);
  });
}

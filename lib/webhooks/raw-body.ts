/** What we read of a request of Express or Fastify. */
export interface WebhookRequest {
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly rawBody?: unknown;
  readonly body?: unknown;
  /** Fastify's: Node.js's own request, which middleware gets. */
  readonly raw?: { readonly rawBody?: unknown } | undefined;
}

/** The bytes that were sent; `lost` if a body parser read them and saved none; `none` if there are none. */
export type RawBody =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'lost' }
  | { readonly type: 'none' };

/**
 * Finds the bytes where body parsers, hooks and middleware save them: in `rawBody`, or in `body` behind a
 * parser of raw or text bodies. A parsed body is never serialised again: that would give other bytes.
 */
export function rawBodyOf(request: WebhookRequest): RawBody {
  const { rawBody, raw, body, headers = {} } = request;
  const bytes = asBytes(rawBody) ?? asBytes(raw?.rawBody) ?? asBytes(body);
  if (bytes) return { type: 'bytes', bytes };
  return claimsBody(headers) && isJson(headers['content-type'])
    ? { type: 'lost' }
    : { type: 'none' };
}

/** How to keep the bytes, on the adapter that the request came by. */
export function rawBodyAdvice(request: WebhookRequest): string {
  return request.raw === undefined ? ON_EXPRESS : ON_FASTIFY;
}

const ON_EXPRESS =
  'Create the app with NestFactory.create(AppModule, { rawBody: true }), and replace ' +
  "app.use(express.json()) by app.useBodyParser('json'). Or have the bytes read at this path alone, " +
  "before other body parsers: app.use('/webhooks/partnero', express.raw({ type: 'application/json' })).";

const ON_FASTIFY =
  'Create the app with NestFactory.create(AppModule, new FastifyAdapter(), { rawBody: true }), and ' +
  "replace addContentTypeParser('application/json', …) by app.useBodyParser('application/json'). Or " +
  'have a preParsing hook or the plugin fastify-raw-body save the bytes in request.rawBody.';

function asBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  // Bytes that aren't UTF-8 were replaced when the string was made: then no signature matches.
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : undefined;
}

function claimsBody(headers: Readonly<Record<string, unknown>>): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
  return encoding !== undefined || length !== '0';
}

function isJson(type: unknown): boolean {
  return typeof type === 'string' && /[/+]json\b/i.test(type);
}

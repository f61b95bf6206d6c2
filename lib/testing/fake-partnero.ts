import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import type {
  FakeCustomer,
  FakePartner,
  FakeProgramType,
  FakeTransaction,
  FakeWebhook,
  NewFakePartner,
} from './fake-entities.js';
import { type FakeDelivery, FakeEventSender, type SendEventOptions } from './fake-event-sender.js';
import { type FakeFault, type FaultScope, misbehave, send } from './fake-faults.js';
import { customerRoutes, partnerRoutes } from './fake-people.js';
import {
  type FakeCall,
  FakeRefusal,
  type FakeResponse,
  type FakeRoute,
  FakeRouter,
  isFields,
  refuse,
  success,
} from './fake-route.js';
import { FakeStore } from './fake-store.js';
import { transactionRoutes } from './fake-transactions.js';
import { webhookRoutes } from './fake-webhooks.js';

/** How a {@link FakePartnero} starts. */
export interface FakePartneroOptions {
  /** Default `'affiliate'`. */
  readonly program?: FakeProgramType | undefined;
  /** The only API key that it accepts. Default: a random one. */
  readonly apiKey?: string | undefined;
  /** The public id of the program, as `GET /test` responds. Default `'FAKE0001'`. */
  readonly publicId?: string | undefined;
  /** Referral keys, or whole partners. */
  readonly partners?: readonly NewFakePartner[] | undefined;
  /** Default: a free port. */
  readonly port?: number | undefined;
  /** Called with each request once its response has ended; `status` 0 if it was cut off. */
  readonly onResponse?: ((request: RecordedRequest) => void) | undefined;
}

/** A request that the fake received. It holds no API key, so it is safe to print. */
export interface RecordedRequest {
  readonly method: string;
  /** Without the base path and the query, such as `/customers`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case; without `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON; `undefined` if there was none. */
  readonly body: unknown;
  /** Whether it had the right API key. */
  readonly authorized: boolean;
  readonly at: Date;
  /** The status of the response; 0 before there is one. */
  status: number;
}

const BASE_PATH = '/v1';

/**
 * Partnero's API on loopback, for tests: a real HTTP server that responds as the public documentation
 * says, and misbehaves on demand. It knows partners, customers, transactions, webhooks and `GET /test`;
 * add other endpoints with {@link FakePartnero.route}.
 *
 * @example
 * const partnero = await FakePartnero.start({ partners: ['ann'] })
 * PartneroModule.forRoot({ apiKey: partnero.apiKey, baseUrl: partnero.baseUrl })
 * …
 * expect(partnero.customers).toMatchObject([{ key: 'user-1', partner: { key: 'ann' } }])
 * await partnero.stop()
 */
export class FakePartnero {
  /** All requests, in the order in which they arrived. */
  readonly requests: RecordedRequest[] = [];
  /** You can change it at any time: requests with the old one are then refused. */
  apiKey: string;
  readonly partners: readonly FakePartner[];
  /** A transaction that was sent twice is here twice. */
  readonly transactions: readonly FakeTransaction[];
  readonly webhooks: readonly FakeWebhook[];
  protected readonly store: FakeStore;
  private readonly router = new FakeRouter();
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private readonly sender = new FakeEventSender();
  private faults: { readonly fault: FakeFault; readonly on: string | undefined; left: number }[] =
    [];
  private port = 0;
  private readonly onResponse: FakePartneroOptions['onResponse'];

  protected constructor(options: FakePartneroOptions) {
    const { program = 'affiliate', publicId = 'FAKE0001', partners = [] } = options;
    this.onResponse = options.onResponse;
    this.apiKey = options.apiKey ?? `fake-api-key-${randomUUID().slice(0, 8)}`;
    const store = new FakeStore(program);
    ({ partners: this.partners, transactions: this.transactions, webhooks: this.webhooks } = store);
    for (const partner of partners) store.addPartner(partner);
    const type = program === 'affiliate' ? 'affiliate' : 'refer_a_friend';
    this.router.add({
      'GET /test': () => success({ program: { type, pub_id: publicId } }),
      ...customerRoutes(store),
      ...transactionRoutes(store),
      ...webhookRoutes(store),
      ...(program === 'affiliate' ? partnerRoutes(store) : {}),
    });
    this.store = store;
  }

  static async start(options: FakePartneroOptions = {}): Promise<FakePartnero> {
    const fake = new FakePartnero(options);
    await fake.listen(options.port);
    return fake;
  }

  /** The module's option `baseUrl`. */
  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}${BASE_PATH}`;
  }

  get customers(): readonly FakeCustomer[] {
    return this.store.customers;
  }

  addPartner(partner: NewFakePartner): FakePartner {
    return this.store.addPartner(partner);
  }

  addCustomer(fields: Partial<FakeCustomer>): FakeCustomer {
    return this.store.addCustomer(fields);
  }

  /** Adds a webhook, as if it was made in Partnero's dashboard. */
  addWebhook(fields: Partial<FakeWebhook> & { url: string; events: string[] }): FakeWebhook {
    return this.store.addWebhook(fields);
  }

  /**
   * Adds an endpoint that the fake lacks, or replaces one of its own.
   *
   * @example
   * partnero.route('GET /leads/:id', ({ params }) => ({ status: 200, body: { data: params, status: 1 } }))
   */
  route(methodAndPath: string, route: FakeRoute): void {
    this.router.add({ [methodAndPath]: route });
  }

  /**
   * Delivers an event, signed, to `url` or to the webhooks that have this event; again with exponential
   * backoff until it is answered 2xx. Resolves with one result for each URL.
   *
   * @example
   * await partnero.sendEvent('transaction.created', { key: 'inv-1' }, { url, secret })
   */
  sendEvent(event: string, data: unknown, options: SendEventOptions = {}): Promise<FakeDelivery[]> {
    const { url, secret } = options;
    if (url !== undefined && secret === undefined) throw new Error('sendEvent() needs a secret.');
    const { webhooks } = this.store;
    const recipients =
      url === undefined
        ? webhooks.filter(({ isActive, events }) => isActive && events.includes(event))
        : [{ url, key: 'fake-webhook', secret: secret ?? '' }];
    return Promise.all(recipients.map((each) => this.sender.send(event, data, each, options)));
  }

  /** The requests to one method and path, such as `'POST /customers'`. */
  requestsTo(methodAndPath: string): RecordedRequest[] {
    return this.requests.filter(({ method, path }) => `${method} ${path}` === methodAndPath);
  }

  /** Misbehaves until {@link heal}, or `times` times. Of several faults, the one added last comes first. */
  misbehave(fault: FakeFault, { on, times = Infinity }: FaultScope = {}): void {
    this.faults.unshift({ fault, on, left: times });
  }

  /** Ends all faults. Requests that hang go on hanging. */
  heal(): void {
    this.faults = [];
  }

  /** Cuts all connections and refuses new ones, until {@link up}. */
  async down(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    if (!this.server.listening) await this.listen(this.port);
  }

  stop(): Promise<void> {
    this.sender.stop();
    return this.down();
  }

  protected async listen(port = 0): Promise<void> {
    await once(this.server.listen(port, '127.0.0.1'), 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Carries out a request. */
  protected respond(methodAndPath: string, call: Omit<FakeCall, 'params'>): FakeResponse {
    return this.router.respond(methodAndPath, call);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request).catch(() => undefined);
    if (body === undefined) return;
    const record = this.record(request, body);
    response.once('finish', () => (record.status = response.statusCode));
    response.once('close', () => this.onResponse?.(record));
    const carryOut = () => this.carryOut(record, body !== '');
    const fault = this.takeFault(`${record.method} ${record.path}`);
    if (fault) misbehave(fault, response, carryOut);
    else send(response, carryOut());
  }

  private record(request: IncomingMessage, text: string): RecordedRequest {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.baseUrl);
    const { authorization, ...headers } = request.headers as Record<string, string>;
    const isInside = pathname.startsWith(`${BASE_PATH}/`);
    const record: RecordedRequest = {
      method: request.method ?? 'GET',
      path: isInside ? pathname.slice(BASE_PATH.length) : `(outside ${BASE_PATH})${pathname}`,
      query: Object.fromEntries(searchParams),
      headers,
      body: parse(text),
      authorized: authorization === `Bearer ${this.apiKey}`,
      at: new Date(),
      status: 0,
    };
    this.requests.push(record);
    return record;
  }

  private takeFault(methodAndPath: string): FakeFault | undefined {
    const active = this.faults.find(
      ({ on, left }) => left > 0 && (on === undefined || on === methodAndPath),
    );
    if (active) active.left -= 1;
    return active?.fault;
  }

  private carryOut(request: RecordedRequest, hasBody: boolean): FakeResponse {
    const { method, path, query, headers, body } = request;
    try {
      if (!request.authorized) refuse(401, 'Unauthenticated.');
      if (hasBody && !isFields(body)) refuse(400, 'The body is not valid JSON.');
      if (hasBody && !headers['content-type']?.startsWith('application/json')) {
        refuse(400, 'The content type must be application/json.');
      }
      return this.respond(`${method} ${path}`, { query, body: isFields(body) ? body : {} });
    } catch (error) {
      if (error instanceof FakeRefusal) return error.response;
      return {
        status: 500,
        body: { status: 0, message: `A route of the fake threw ${String(error)}` },
      };
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { refusal, type FakeAnswer } from './fake-answer.js';
import type {
  FakeCustomer,
  FakeGift,
  FakeLead,
  FakeLink,
  FakePartner,
  FakeProgramType,
  FakeSubscriber,
  FakeTransaction,
  FakeWebhook,
} from './fake-entities.js';
import type { FakeFault, FaultScope } from './fake-fault.js';
import { misbehave, send } from './fake-misbehaviour.js';
import { FakeEventSender, type FakeDelivery, type SendEventOptions } from './fake-event.sender.js';
import { DEFAULT_FAKE_API_VARIANTS, type FakeApiVariants } from './fake-api-variants.js';
import type { FakeCall, RecordedRequest } from './fake-request.js';
import { FakeRoutes } from './fake-routes.js';
import { FakeStore } from './fake-store.js';

/** How a {@link FakePartnero} starts. */
export interface FakePartneroOptions {
  /** Default `'affiliate'`. */
  readonly program?: FakeProgramType | undefined;
  /**
   * The only key that it accepts. Default: one of its own, so that an app of another test, should it
   * come to this port, is refused.
   */
  readonly apiKey?: string | undefined;
  /** As `GET /test` tells it. Default `'FAKE0001'`. */
  readonly publicId?: string | undefined;
  /** Referral keys, or whole partners. */
  readonly partners?: readonly (string | (Partial<FakePartner> & { key: string }))[] | undefined;
  /** Default: any that is free. */
  readonly port?: number | undefined;
  readonly apiVariants?: Partial<FakeApiVariants> | undefined;
}

interface ActiveFault {
  readonly fault: FakeFault;
  readonly on: string | undefined;
  left: number;
}

const BASE_PATH = '/v1';

/**
 * Partnero's API on loopback, for tests: a real HTTP server that answers as the public documentation
 * says, strictly, takes either side where it contradicts itself, and misbehaves on demand.
 *
 * @example
 * const partnero = await FakePartnero.start({ partners: ['ann'] })
 * PartneroModule.forRoot({ apiKey: partnero.apiKey, baseUrl: partnero.baseUrl })
 * …
 * expect(partnero.customers).toMatchObject([{ key: 'user-1', partner: { key: 'ann' } }])
 * await partnero.stop()
 */
export class FakePartnero {
  /** Every request that came, in order. */
  readonly requests: RecordedRequest[] = [];
  /** Which side it takes where sources disagree; may be changed at any time. */
  readonly apiVariants: FakeApiVariants;
  /** May be changed at any time: requests with the old one are then refused. */
  apiKey: string;
  private readonly store: FakeStore;
  private readonly routes: FakeRoutes;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly sender = new FakeEventSender();
  private faults: ActiveFault[] = [];
  private port = 0;

  private constructor(options: FakePartneroOptions) {
    const { program: type = 'affiliate', publicId = 'FAKE0001', partners = [] } = options;
    this.apiKey = options.apiKey ?? `fake-api-key-${randomUUID().slice(0, 8)}`;
    this.apiVariants = { ...DEFAULT_FAKE_API_VARIANTS, ...options.apiVariants };
    this.store = new FakeStore(type);
    const { store, apiVariants } = this;
    this.routes = new FakeRoutes({ type, publicId, store, apiVariants });
    for (const partner of partners) this.store.addPartner(partner);
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  static async start(options: FakePartneroOptions = {}): Promise<FakePartnero> {
    const fake = new FakePartnero(options);
    await fake.listen(options.port ?? 0);
    return fake;
  }

  /** What to give as the `baseUrl` option. */
  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}${BASE_PATH}`;
  }

  get partners(): readonly FakePartner[] {
    return this.store.partners;
  }

  get customers(): readonly FakeCustomer[] {
    return this.store.customers;
  }

  /** All that were recorded; two with the same key are two. */
  get transactions(): readonly FakeTransaction[] {
    return this.store.transactions;
  }

  get links(): readonly FakeLink[] {
    return this.store.links;
  }

  get leads(): readonly FakeLead[] {
    return this.store.leads;
  }

  get subscribers(): readonly FakeSubscriber[] {
    return this.store.subscribers;
  }

  get webhooks(): readonly FakeWebhook[] {
    return this.store.webhooks;
  }

  /** Bonuses of partners and credits of customers. */
  get gifts(): readonly FakeGift[] {
    return this.store.gifts;
  }

  /** E-mail addresses that were invited. */
  get invited(): readonly string[] {
    return this.store.invited;
  }

  addPartner(partner: string | (Partial<FakePartner> & { key: string })): FakePartner {
    return this.store.addPartner(partner);
  }

  /** A customer who was there before. */
  addCustomer(fields: Partial<FakeCustomer>): FakeCustomer {
    return this.store.addCustomer(fields);
  }

  /** A webhook that was there before, as if made in the dashboard. */
  addWebhook(fields: Partial<FakeWebhook> & { url: string; events: string[] }): FakeWebhook {
    return this.store.addWebhook(fields);
  }

  /**
   * Delivers an event, signed, to `url`, or to the webhooks that were made for it; again with
   * exponential backoff if it isn't answered 2xx in time. Resolves once that is over, with what became
   * of it at each address.
   *
   * @example
   * await partnero.sendEvent('transaction.created', { key: 'inv-1' }, { url, secret })
   */
  sendEvent(event: string, data: unknown, options: SendEventOptions = {}): Promise<FakeDelivery[]> {
    const { url, secret } = options;
    if (url !== undefined && secret === undefined) throw new Error('sendEvent() needs a secret.');
    const recipients =
      url === undefined
        ? this.store.recipientsOf(event)
        : [{ url, secret: secret ?? '', webhookKey: 'fake-webhook' }];
    return Promise.all(recipients.map((each) => this.sender.send(event, data, each, options)));
  }

  /** The requests to one route, such as `'POST /customers'`. */
  requestsTo(route: string): RecordedRequest[] {
    return this.requests.filter(({ method, path }) => `${method} ${path}` === route);
  }

  /** Misbehaves until `heal()`, or as often as `times` says. The fault added last goes first. */
  misbehave(fault: FakeFault, scope: FaultScope = {}): void {
    this.faults.unshift({ fault, on: scope.on, left: scope.times ?? Infinity });
  }

  /** Ends all misbehaviour; requests that hang stay so. */
  heal(): void {
    this.faults = [];
  }

  /** Refuses connections, and cuts those that are open, until `up()`. */
  async down(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Listens again, at the same address. */
  async up(): Promise<void> {
    if (!this.server.listening) await this.listen(this.port);
  }

  stop(): Promise<void> {
    this.sender.stop();
    return this.down();
  }

  private async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    this.port = (this.server.address() as AddressInfo).port;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readBody(request).catch(() => undefined);
    if (text === undefined) return;
    const record = this.record(request, text);
    response.once('finish', () => (record.status = response.statusCode));
    const fault = this.takeFault(record);
    const carryOut = () => this.carryOut(record, text);
    if (fault) misbehave(fault, response, carryOut);
    else send(response, carryOut());
  }

  private record(request: IncomingMessage, text: string): RecordedRequest {
    const url = new URL(request.url ?? '/', this.baseUrl);
    const { authorization, ...headers } = request.headers as Record<string, string>;
    const record: RecordedRequest = {
      method: request.method ?? 'GET',
      path: url.pathname.startsWith(`${BASE_PATH}/`)
        ? url.pathname.slice(BASE_PATH.length)
        : `(outside ${BASE_PATH})${url.pathname}`,
      query: Object.fromEntries(url.searchParams),
      headers,
      body: parse(text),
      authorized: authorization === `Bearer ${this.apiKey}`,
      at: new Date(),
      status: 0,
    };
    this.requests.push(record);
    return record;
  }

  private takeFault({ method, path }: RecordedRequest): FakeFault | undefined {
    const active = this.faults.find(
      ({ on, left }) => left > 0 && (on === undefined || on === `${method} ${path}`),
    );
    if (active) active.left -= 1;
    return active?.fault;
  }

  private carryOut(record: RecordedRequest, text: string): FakeAnswer {
    if (!record.authorized) return refusal(this.apiVariants, 401, 'Unauthenticated.');
    const withBody = text !== '';
    if (withBody && !isObject(record.body)) {
      return refusal(this.apiVariants, 400, 'The body is not valid JSON.');
    }
    if (withBody && !record.headers['content-type']?.startsWith('application/json')) {
      return refusal(this.apiVariants, 400, 'The content type must be application/json.');
    }
    const call: FakeCall = {
      method: record.method,
      segments: record.path.slice(1).split('/').map(decode),
      query: record.query,
      body: isObject(record.body) ? record.body : {},
    };
    return this.routes.handle(call);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

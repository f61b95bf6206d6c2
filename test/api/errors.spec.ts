import { monitorEventLoopDelay } from 'node:perf_hooks';
import { inspect } from 'node:util';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  inlineOutbox,
  PartneroError,
  PartneroService,
  type CallOptions,
  type PartneroRequest,
} from 'nestjs-partnero';
import { FakePartnero, type FakeFault } from 'nestjs-partnero/testing';
import { failure } from '../support/api.js';
import { closeApps, partnero, startApp } from '../support/app.js';
import { setEnvironment } from '../support/environment.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

const API_KEY = 'sk-very-secret-key';
const CUSTOMER = {
  key: 'user-1',
  email: 'ada@example.com',
  name: 'Lovelace',
  partner: { key: 'ann' },
};

// A proxy in the environment, though not for this host, makes axios's own adapter do the sending.
const TRANSPORTS: [string, NodeJS.ProcessEnv][] = [
  ['over node:http', {}],
  ['over axios', { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' }],
];

describe.each(TRANSPORTS)('%s', (_, environment) => {
  let fake: FakePartnero;
  let service: PartneroService;

  beforeEach(async () => {
    setEnvironment(environment);
    fake = await FakePartnero.start({ apiKey: API_KEY, partners: ['ann'] });
    const { app } = await startApp({
      imports: [partnero(fake, { outbox: inlineOutbox(), retries: 0 })],
    });
    service = app.get(PartneroService);
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
    setEnvironment({});
  });

  afterAll(removeTemporaryFolders);

  /** Little time for what is never answered, enough for all else on a busy machine. */
  const within = (fault: FakeFault) =>
    fault.type === 'hang' || fault.type === 'drip' ? { timeoutMs: 100 } : {};
  const create = (options: CallOptions = {}) => service.customers.create(CUSTOMER, options);
  const get = (options: CallOptions = {}) => service.customers.get('ada@example.com', options);

  describe('each kind of trouble', () => {
    it.each<[FakeFault, Partial<PartneroError>]>([
      [
        { type: 'status', status: 400 },
        { kind: 'bad_request', status: 400, retryable: false, ambiguous: false },
      ],
      [
        { type: 'status', status: 401 },
        { kind: 'unauthorized', status: 401, retryable: false },
      ],
      [
        { type: 'status', status: 403 },
        { kind: 'forbidden', status: 403, retryable: false },
      ],
      [
        { type: 'status', status: 404 },
        { kind: 'not_found', status: 404 },
      ],
      [
        { type: 'status', status: 405 },
        { kind: 'unexpected', status: 405, retryable: false },
      ],
      [
        { type: 'status', status: 408 },
        { kind: 'server', status: 408, retryable: true, ambiguous: true },
      ],
      [
        { type: 'status', status: 409 },
        { kind: 'conflict', status: 409, retryable: false },
      ],
      [
        { type: 'status', status: 422 },
        { kind: 'validation', status: 422 },
      ],
      [
        { type: 'status', status: 500 },
        { kind: 'server', status: 500, retryable: true, ambiguous: true },
      ],
      [
        { type: 'html', status: 404 },
        { kind: 'unexpected', status: 404 },
      ],
      [
        { type: 'html', status: 200 },
        { kind: 'unreadable', status: 200, retryable: true, ambiguous: true },
      ],
      [{ type: 'cut_json' }, { kind: 'unreadable', status: 201, ambiguous: true }],
      [{ type: 'empty' }, { kind: 'unreadable', status: 200 }],
      [
        { type: 'status', status: 200, body: '{"status":0}' },
        { kind: 'failed', status: 200, retryable: true },
      ],
      [
        { type: 'status', status: 302, headers: { location: '/x' } },
        { kind: 'unexpected', status: 302 },
      ],
      [{ type: 'hang' }, { kind: 'timeout', retryable: true, ambiguous: true }],
      [
        { type: 'drip', everyMs: 30 },
        { kind: 'timeout', ambiguous: true },
      ],
      [
        { type: 'reset_before' },
        { kind: 'network', code: 'ECONNRESET', retryable: true, ambiguous: true },
      ],
      [
        { type: 'reset_after' },
        { kind: 'network', code: 'ECONNRESET', retryable: true, ambiguous: true },
      ],
      [
        { type: 'reset_before_late_write', afterMs: 5 },
        { kind: 'network', code: 'ECONNRESET', retryable: true, ambiguous: true },
      ],
      [
        { type: 'rate_limit', retryAfter: 7 },
        { kind: 'rate_limited', retryAfterMs: 7_000, retryable: true },
      ],
      [
        { type: 'rate_limit', retryAfter: '1.5' },
        { kind: 'rate_limited', retryAfterMs: 1_500 },
      ],
      [{ type: 'rate_limit' }, { kind: 'rate_limited', retryAfterMs: undefined }],
      [
        { type: 'rate_limit', retryAfter: 'soon' },
        { kind: 'rate_limited', retryAfterMs: undefined },
      ],
      [
        { type: 'rate_limit', retryAfter: '-5' },
        { kind: 'rate_limited', retryAfterMs: undefined },
      ],
      [
        { type: 'rate_limit', retryAfter: 'Wed, 21 Oct 2015 07:28:00 GMT' },
        { kind: 'rate_limited', retryAfterMs: 0 },
      ],
    ])('%j', async (fault, expected) => {
      fake.misbehave(fault);
      expect(await failure(create(within(fault)))).toMatchObject(expected);
    });

    it('Retry-After as a date', async () => {
      const at = new Date(Date.now() + 60_000).toUTCString();
      fake.misbehave({ type: 'rate_limit', retryAfter: at });
      const { retryAfterMs } = await failure(create());
      expect(retryAfterMs).toBeGreaterThan(57_000);
      expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    });

    it('a refused connection is not ambiguous', async () => {
      await fake.down();
      expect(await failure(create())).toMatchObject({
        kind: 'network',
        code: 'ECONNREFUSED',
        retryable: true,
        ambiguous: false,
      });
    });

    it('a call that only reads is never ambiguous', async () => {
      fake.misbehave({ type: 'hang' });
      const call = get({ timeoutMs: 50 });
      expect(await failure(call)).toMatchObject({ kind: 'timeout', ambiguous: false });
    });

    it('the caller’s signal cuts a call off', async () => {
      fake.misbehave({ type: 'hang' });
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 20);
      const call = () => service.customers.create(CUSTOMER, { signal: controller.signal });
      expect(await failure(call)).toMatchObject({
        kind: 'aborted',
        ambiguous: true,
        retryable: false,
      });
    });

    it('a call that was cut off before it began is not sent', async () => {
      const signal = AbortSignal.abort();
      const call = () => service.customers.create(CUSTOMER, { signal });
      expect(await failure(call)).toMatchObject({ kind: 'aborted', ambiguous: false });
      expect(fake.requests).toHaveLength(0);
    });

    it('each attempt has its own time, and may have less', async () => {
      fake.misbehave({ type: 'hang' });
      const started = performance.now();
      await failure(() => service.request({ path: '/test', timeoutMs: 20 }));
      await failure(() => service.request({ path: '/test', timeoutMs: 20 }));
      expect(performance.now() - started).toBeLessThan(2_000);
    });
  });

  describe('an error holds nothing secret', () => {
    const echo = JSON.stringify({
      status: 0,
      message: `${API_KEY} may not create Lovelace <ada@example.com> as user-1`,
      errors: {
        email: ['ada@example.com is taken by LOVELACE'],
        'x<script>': ['Other@Person.example'],
        'ada@example.com': ['of%20Lovelace, ada%40example.com'],
        [API_KEY]: ['&#76;ovelace'],
      },
    });

    it.each<FakeFault>([
      { type: 'status', status: 422, body: echo },
      { type: 'status', status: 400, body: echo },
      { type: 'status', status: 401, body: echo },
      { type: 'status', status: 500, body: echo },
      { type: 'status', status: 200, body: echo },
      { type: 'hang' },
      { type: 'reset_before' },
      { type: 'html' },
      { type: 'rate_limit', retryAfter: 'ada@example.com' },
    ])('in any form: %j', async (fault) => {
      fake.misbehave(fault);
      for (const call of [
        create,
        get,
        (options: CallOptions) => service.customers.search({ email: 'ada@example.com' }, options),
      ]) {
        const error = await failure(call(within(fault)));
        const forms = [
          error.message,
          error.stack,
          String(error),
          JSON.stringify(error),
          JSON.stringify(Object.getOwnPropertyNames(error).map((name) => Reflect.get(error, name))),
          inspect(error, { depth: 20, showHidden: true }),
          inspect(error.cause, { depth: 20, showHidden: true }),
        ].join('\n');
        for (const secret of [
          API_KEY,
          'ada@',
          'ada%40',
          'Lovelace',
          'LOVELACE',
          'Person',
          'user-1',
          'script>',
        ]) {
          expect(forms).not.toContain(secret);
        }
      }
    });

    it('names the call, the status, the fields, and the next step', async () => {
      fake.misbehave({ type: 'status', status: 422, body: echo });
      const { message } = await failure(create());
      expect(message).toContain('POST /customers was answered 422');
      expect(message).toContain('Fields: email');
      fake.heal();
      fake.apiKey = 'another';
      expect((await failure(get())).message).toMatch(/GET \/customers\/….*401.*PARTNERO_API_KEY/);
    });

    it('nor does the service, or what is in it', () => {
      const shown = inspect(service, { depth: 20, showHidden: true }) + JSON.stringify(service);
      expect(shown).not.toContain(API_KEY);
    });
  });

  it('is bounded, and made in no time, however much Partnero says', async () => {
    const messages = Array.from(
      { length: 300 },
      (_, i) => `${'a'.repeat(i * 8)} @ ada@example.com`,
    );
    const errors = Object.fromEntries(
      messages.map((message, i) => [`field_${i}`, [message, ...messages.slice(0, 6)]]),
    );
    const body = JSON.stringify({ message: 'a'.repeat(100_000), errors }).slice(0, 1_000_000);
    expect(body.at(-1)).toBe('}');
    fake.misbehave({ type: 'status', status: 422, body });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const { fieldErrors, message } = await failure(create());
    delay.disable();
    expect(Object.keys(fieldErrors)).toHaveLength(20);
    for (const all of Object.values(fieldErrors)) {
      expect(all.length).toBeLessThanOrEqual(5);
      for (const each of all) expect(each.length).toBeLessThanOrEqual(200);
    }
    expect(message.length).toBeLessThan(2_000);
    expect(delay.max / 1e6).toBeLessThan(500);
  });

  describe('request()', () => {
    it('calls anything, with query and body', async () => {
      const envelope = await service.request<{ program: unknown }>({ path: '/test' });
      expect(envelope).toEqual({
        data: { program: { type: 'affiliate', pub_id: 'FAKE0001' } },
        status: 1,
      });
      await service.request({ method: 'POST', path: ['customers'], body: CUSTOMER });
      expect(fake.customers).toHaveLength(1);
      await service.request({ path: '/customers', query: { limit: 5, page: 1, none: undefined } });
      expect(fake.requests.at(-1)).toMatchObject({ query: { limit: '5', page: '1' } });
    });

    it.each<PartneroRequest['path']>([
      'customers',
      '//evil.example/x',
      'https://evil.example/',
      '/customers/../test',
      '/customers/%2e%2e/test',
      '/customers?x=1',
      '/customers#x',
      '/a b',
      '/a\\b',
      '/a\r\nHost: evil',
      '',
      ['customers', '..'],
      ['customers', ''],
      undefined as unknown as string,
      null as unknown as string,
      42 as unknown as string,
    ])('refuses the path %j', async (path) => {
      expect(await failure(() => service.request({ path }))).toMatchObject({
        kind: 'invalid_input',
      });
      expect(fake.requests).toHaveLength(0);
    });

    it('sends no body with a GET', async () => {
      await service.request({ path: '/test', body: { x: 1 } });
      expect(fake.requests[0]).toMatchObject({ method: 'GET', body: undefined });
    });
  });

  describe('the key', () => {
    let other: Server;
    const seen: (string | undefined)[] = [];

    beforeEach(async () => {
      seen.length = 0;
      other = createServer((request, response) => {
        seen.push(request.headers.authorization);
        response.end('{}');
      });
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    });

    afterEach(() => void other.close());

    it('does not follow a redirect', async () => {
      const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
      for (const status of [301, 302, 307, 308]) {
        fake.misbehave({ type: 'status', status, headers: { location } }, { times: 1 });
        await failure(get());
      }
      expect(seen).toEqual([]);
    });
  });

  describe('connections', () => {
    it('are kept alive and used again', async () => {
      const ports = new Set<string>();
      for (let i = 0; i < 5; i += 1) {
        await service.ping();
        ports.add(fake.requests.at(-1)!.headers['connection'] ?? '');
      }
      expect([...ports]).toEqual(['keep-alive']);
    });
  });

  describe('ping()', () => {
    it('tells the program', async () => {
      expect(await service.ping()).toEqual({ type: 'affiliate', publicId: 'FAKE0001' });
    });

    it('tolerates that the answer does not tell', async () => {
      for (const body of [
        '{"status":1}',
        '{"data":{}}',
        '{"data":{"program":{"pub_id":7}}}',
        '{"data":[]}',
      ]) {
        fake.misbehave({ type: 'status', status: 200, body }, { times: 1 });
        expect(await service.ping()).toEqual({ type: null, publicId: null });
      }
    });
  });
});

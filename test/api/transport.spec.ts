import { once } from 'node:events';
import http, {
  createServer,
  request as httpRequest,
  type RequestListener,
  type Server,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { LateBody } from '#lib/api/late-body.js';
import { inlineOutbox, PartneroService } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { failure } from '../support/api.js';
import { closeApps, partnero, startApp } from '../support/app.js';
import { setEnvironment } from '../support/environment.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

const ANSWER = JSON.stringify({
  data: { program: { type: 'affiliate', pub_id: 'Zoë' } },
  status: 1,
});
const JSON_TYPE = { 'Content-Type': 'application/json' };

let fake: FakePartnero;
let server: Server | undefined;

beforeEach(async () => {
  setEnvironment({});
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  setEnvironment({});
});

afterAll(removeTemporaryFolders);

async function listen(listener: RequestListener): Promise<string> {
  const made = createServer(listener);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

async function serviceOn(baseUrl: string, timeoutMs = 2_000): Promise<PartneroService> {
  const options = { outbox: inlineOutbox(), baseUrl, timeoutMs, retries: 0 };
  const { app } = await startApp({ imports: [partnero(fake, options)] });
  return app.get(PartneroService);
}

const answering = (body: Buffer | string, headers: Record<string, string> = {}) =>
  listen((_, response) => void response.writeHead(200, { ...JSON_TYPE, ...headers }).end(body));

describe('compressed answers', () => {
  it.each([
    ['gzip', gzipSync(ANSWER)],
    ['br', brotliCompressSync(ANSWER)],
    ['deflate', deflateSync(ANSWER)],
    ['GZIP', gzipSync(ANSWER)],
    ['identity', Buffer.from(ANSWER)],
  ])('are read: %s', async (encoding, body) => {
    const service = await serviceOn(await answering(body, { 'Content-Encoding': encoding }));
    expect(await service.ping()).toEqual({ type: 'affiliate', publicId: 'Zoë' });
  });

  it.each([
    ['cut off', 'gzip', gzipSync(ANSWER).subarray(0, 30)],
    ['not compressed at all', 'gzip', Buffer.from(ANSWER)],
    ['in an unknown way', 'zip', gzipSync(ANSWER)],
    ['a bomb', 'gzip', gzipSync(Buffer.alloc(64 * 1024 * 1024, 32))],
  ])('are unreadable if they are %s', async (_, encoding, body) => {
    const service = await serviceOn(await answering(body, { 'Content-Encoding': encoding }));
    expect(await failure(service.ping())).toMatchObject({ kind: 'unreadable', ambiguous: false });
  });

  it('are asked for', async () => {
    const service = await serviceOn(fake.baseUrl);
    await service.ping();
    expect(fake.requests[0]!.headers['accept-encoding']).toMatch(/gzip.*br/);
  });
});

describe('answers that end too early, or never', () => {
  it.each([
    ['with a length', { 'Content-Length': '500' }],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('%s', async (_, headers) => {
    const url = await listen((__, response) => {
      response.writeHead(200, { ...JSON_TYPE, ...headers });
      response.write(ANSWER, () => response.socket?.destroy());
    });
    const service = await serviceOn(url);
    expect(await failure(service.ping())).toMatchObject({ kind: 'network', code: 'ECONNRESET' });
  });

  it('head, and then nothing', async () => {
    const url = await listen((_, response) => response.writeHead(200, JSON_TYPE).flushHeaders());
    const service = await serviceOn(url, 50);
    expect(await failure(service.ping())).toMatchObject({ kind: 'timeout' });
    await eventually(async () => (await connectionsOf(server!)) === 0);
  });

  it('more than any answer of Partnero', async () => {
    const url = await listen((_, response) => {
      response.writeHead(200, JSON_TYPE);
      const block = Buffer.alloc(1024 * 1024, 32);
      const write = () => {
        while (!response.destroyed) if (!response.write(block)) break;
      };
      response.on('drain', write).on('error', () => {});
      write();
    });
    const service = await serviceOn(url);
    expect(await failure(service.ping())).toMatchObject({ kind: 'unreadable' });
    await eventually(async () => (await connectionsOf(server!)) === 0);
  });

  it('something that is not HTTP', async () => {
    const url = await listen(() => {});
    server!.removeAllListeners('connection');
    server!.on('connection', (socket) => void socket.on('error', () => {}).end('hello\r\n\r\n'));
    const service = await serviceOn(url);
    expect(await failure(service.ping())).toMatchObject({ kind: 'network', retryable: true });
  });
});

it('over https, nothing goes out in the clear', async () => {
  const url = await listen(() => {});
  server!.removeAllListeners('connection');
  const seen: Buffer[] = [];
  server!.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.once('data', (chunk: Buffer) => {
      seen.push(chunk);
      socket.destroy();
    });
  });
  const service = await serviceOn(url.replace('http:', 'https:'));
  expect(await failure(service.ping())).toMatchObject({ kind: 'network', retryable: true });
  // A TLS handshake.
  expect(seen[0]?.[0]).toBe(22);
  expect(Buffer.concat(seen).toString('latin1')).not.toContain(fake.apiKey);
});

function connectionsOf(of: Server): Promise<number> {
  return new Promise((resolve) => of.getConnections((_, count) => resolve(count)));
}

describe('connections', () => {
  it('are kept, used again, and closed with the app', async () => {
    const ports = new Set<number | undefined>();
    const url = await listen((request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(200, JSON_TYPE).end(ANSWER);
    });
    const service = await serviceOn(url);
    for (let i = 0; i < 5; i += 1) await service.ping();
    expect(ports.size).toBe(1);
    expect(await connectionsOf(server!)).toBe(1);
    await closeApps();
    await eventually(async () => (await connectionsOf(server!)) === 0);
  });

  it('are not kept by a call that was cut off', async () => {
    const service = await serviceOn(fake.baseUrl, 50);
    fake.misbehave({ type: 'hang' }, { times: 1 });
    await failure(service.ping());
    expect(await service.ping()).toMatchObject({ type: 'affiliate' });
  });

  it('nothing listens to a caller’s signal any more once a call has ended', async () => {
    const service = await serviceOn(fake.baseUrl);
    const { signal } = new AbortController();
    const added: unknown[] = [];
    const removed: unknown[] = [];
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      added.push(args[1]);
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      removed.push(args[1]);
      removeEventListener.apply(signal, args);
    };
    await service.ping({ signal });
    expect(added).toHaveLength(1);
    expect(removed).toEqual(added);
  });
});

const customer = (n: number) => ({ key: `user-${n}`, name: 'Zoë', partner: { key: 'ann' } });

describe('a call that must be sent within some time', () => {
  it('arrives whole, on a new connection and on a kept one', async () => {
    const { customers } = await serviceOn(fake.baseUrl);
    await customers.create(customer(1), { sendWithinMs: 5_000 });
    await customers.create(customer(2), { sendWithinMs: 5_000 });
    expect(fake.customers).toMatchObject(
      [customer(1), customer(2)].map(({ key, name }) => ({ key, name })),
    );
    expect(fake.requests.map(({ headers }) => headers['content-length'])).toEqual(['54', '54']);
  });

  it.each(['a new', 'a kept'])(
    'sends no byte on %s connection when the time is over',
    async (connection) => {
      const url = await listen(
        (_, response) => void response.writeHead(200, JSON_TYPE).end(ANSWER),
      );
      let received = '';
      server!.on('connection', (socket) =>
        socket.on('data', (chunk) => (received += String(chunk))),
      );
      const service = await serviceOn(url);
      if (connection === 'a kept') await service.ping();
      const call = service.customers.create(customer(1), { sendWithinMs: -1 });
      expect(await failure(call)).toMatchObject({ kind: 'aborted', ambiguous: false });
      await service.ping();
      expect(received).toContain('GET');
      expect(received).not.toContain('POST');
    },
  );
});

it('a body that must be sent in time waits for the TLS handshake behind a proxy too', async () => {
  await listen(() => {});
  server!.removeAllListeners('connection');
  const { port } = server!.address() as AddressInfo;
  const tcp = connect(port, '127.0.0.1');
  await once(tcp, 'connect');
  let asked = false;
  const late = new LateBody('{}', () => (asked = true));
  // As the agent of a proxy hands it over: connected, and with the handshake under way.
  const createConnection = () => tlsConnect({ socket: tcp, rejectUnauthorized: false });
  const request = late.transport.request({ protocol: 'https:', createConnection }, () => {});
  request.on('error', () => {});
  late.data.pipe(request);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toBe(false);
  request.destroy();
  tcp.destroy();
});

it('tools that replace the functions of node:http see the calls', async () => {
  const service = await serviceOn(fake.baseUrl);
  const { request } = http;
  const seen: unknown[] = [];
  http.request = ((
    options: http.RequestOptions,
    onResponse?: (r: http.IncomingMessage) => void,
  ) => {
    seen.push(options.path);
    return request(options, onResponse);
  }) as typeof request;
  try {
    await service.ping();
    await service.customers.create(customer(1), { sendWithinMs: 5_000 });
  } finally {
    http.request = request;
  }
  expect(seen).toEqual(['/v1/test', '/v1/customers']);
});

describe('paths', () => {
  it('arrive as they were meant', async () => {
    const seen: (string | undefined)[] = [];
    const url = await listen((request, response) => {
      seen.push(request.url);
      response.writeHead(200, JSON_TYPE).end(ANSWER);
    });
    const service = await serviceOn(`${url}/base/v1`);
    await service.request({ path: '/partners:search', query: { key: 'a b&c', n: 1, no: false } });
    await service.request({ path: '/ümläut/%2F"<>' });
    await service.request({ path: ['customers', 'a/b@ü:%', 'x'] });
    await service.request({ path: '/plain', query: {} });
    expect(seen).toEqual([
      '/base/v1/partners:search?key=a+b%26c&n=1&no=false',
      '/base/v1/%C3%BCml%C3%A4ut/%2F%22%3C%3E',
      '/base/v1/customers/a%2Fb%40%C3%BC%3A%25/x',
      '/base/v1/plain',
    ]);
  });

  it('begin where the base URL says, however that is written', async () => {
    const seen: (string | undefined)[] = [];
    const url = await listen((request, response) => {
      seen.push(request.url);
      response.writeHead(200, JSON_TYPE).end(ANSWER);
    });
    const { port } = new URL(url);
    for (const base of [
      `HTTP://127.1:${port}/ü v1`,
      `http://0177.0.0.1:${port}/v1/`,
      `http://127.0.0.1:${port}`,
    ]) {
      await (await serviceOn(base)).ping();
    }
    expect(seen).toEqual(['/%C3%BC%20v1/test', '/v1/test', '/test']);
  });

  it('that are no text are refused', async () => {
    const service = await serviceOn(fake.baseUrl);
    expect(await failure(service.request({ path: '/\ud800' }))).toMatchObject({
      kind: 'invalid_input',
    });
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const call = service.request({ method: 'POST', path: '/x', body: circular });
    expect(await failure(call)).toMatchObject({ kind: 'invalid_input' });
    expect(fake.requests).toHaveLength(0);
  });
});

describe('a proxy in the environment', () => {
  /** Passes on what it is asked for in full, and keeps count. */
  async function proxy(): Promise<{ url: string; passed: (string | undefined)[] }> {
    const passed: (string | undefined)[] = [];
    const url = await listen((request, response) => {
      passed.push(request.url);
      const { method, headers } = request;
      const onward = httpRequest(request.url!, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    server!.on('connect', ({ url: target = '' }, socket) => {
      passed.push(target);
      const [host, port] = target.split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    return { url, passed };
  }

  it.each(['http_proxy', 'HTTP_PROXY', 'ALL_PROXY'])('is used: %s', async (name) => {
    const { url, passed } = await proxy();
    setEnvironment({ [name]: url });
    const service = await serviceOn(fake.baseUrl);
    expect(await service.ping()).toMatchObject({ type: 'affiliate' });
    await service.customers.create({ key: 'user-1', partner: { key: 'ann' } });
    expect(fake.customers).toHaveLength(1);
    expect(passed.length).toBeGreaterThan(0);
  });

  it('is left out for hosts that need none', async () => {
    const { url, passed } = await proxy();
    setEnvironment({ HTTP_PROXY: url, NO_PROXY: '127.0.0.1' });
    const service = await serviceOn(fake.baseUrl);
    expect(await service.ping()).toMatchObject({ type: 'affiliate' });
    expect(passed).toEqual([]);
  });
});

import { Readable } from 'node:stream';
import { Controller, Post, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import express from 'express';
import rawBody from 'fastify-raw-body';
import {
  PartneroEvent,
  PartneroModule,
  PartneroWebhook,
  type PartneroWebhookEvent,
} from 'nestjs-partnero';
import { ADAPTERS, closeApps, startApp, type AdapterName } from '../support/app.js';
import { deliver, eventBody, SECRET } from '../support/deliveries.js';
import { pass, useFakeClock, useRealClock } from '../support/fake-clock.js';

const PATH = '/webhooks/partnero';
/** JSON.stringify() of the parsed body would give other bytes. */
const body = eventBody('partner.created', { name: 'Zoë' }).replace('{', '{ ');

let received: string[];

@Controller()
class WebhookController {
  @Post(PATH)
  @PartneroWebhook()
  receive(@PartneroEvent() event: PartneroWebhookEvent) {
    received.push(event.name);
  }
}

beforeEach(() => {
  received = [];
});

afterEach(async () => {
  useRealClock();
  await closeApps();
});

const start = (
  adapter: AdapterName,
  options: object = {},
  prepare: (app: INestApplication) => void | Promise<void> = () => {},
) =>
  startApp({
    adapter,
    options,
    imports: [PartneroModule.forRoot({ webhooks: { secret: SECRET } })],
    controllers: [WebhookController],
    prepare,
  });

/** The responses to a valid and to a forged delivery. */
async function statuses(url: string): Promise<number[]> {
  const wrong = await deliver(url + PATH, body, { secret: 'another' });
  expect(received).toEqual([]);
  return [(await deliver(url + PATH, body)).status, wrong.status];
}

type OnExpress = (app: NestExpressApplication) => void;
type OnFastify = (app: NestFastifyApplication) => unknown;
type Next = () => void;

interface Incoming extends AsyncIterable<Buffer> {
  rawBody?: unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): this;
  on(event: 'end', listener: () => void): this;
}

const keepBytes = (request: unknown, _: unknown, bytes: Buffer) =>
  void Object.assign(request as object, { rawBody: bytes });

const keepBytesIf =
  (condition: (request: express.Request) => unknown) =>
  (request: unknown, response: unknown, bytes: Buffer) => {
    if (condition(request as express.Request)) keepBytes(request, response, bytes);
  };

/** Reads the body at the same time as the parser behind it. */
function readAlong(request: Incoming, _: unknown, next: Next): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => (request.rawBody = Buffer.concat(chunks)));
  next();
}

/** Reads the body before any parser, as a string. */
async function readFirst(request: Incoming, _: unknown, next: Next): Promise<void> {
  let text = '';
  for await (const chunk of request) text += chunk.toString('utf8');
  Object.assign(request, { rawBody: text, body: JSON.parse(text) as unknown });
  next();
}

async function bytesOf(payload: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of payload) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const preParsing = (app: NestFastifyApplication, keep: (request: object, bytes: Buffer) => void) =>
  void app
    .getHttpAdapter()
    .getInstance()
    .addHook('preParsing', async (request, _, payload) => {
      const bytes = await bytesOf(payload as AsyncIterable<Buffer>);
      keep(request, bytes);
      return Object.assign(Readable.from([bytes]), { receivedEncodedLength: bytes.length });
    });

describe('The bytes of a delivery are found on Express', () => {
  it.each<[string, object, OnExpress]>([
    ['with rawBody: true', { rawBody: true }, () => {}],
    [
      'with rawBody: true and a limit of its own',
      { rawBody: true },
      (app) => app.useBodyParser('json', { limit: '5mb' }),
    ],
    [
      'behind express.raw() at the path of the route',
      {},
      (app) => app.use(PATH, express.raw({ type: 'application/json' })),
    ],
    [
      'behind express.raw(), without the parsers of Nest',
      { bodyParser: false },
      (app) => app.use(express.raw({ type: '*/*' })),
    ],
    ['behind express.text()', {}, (app) => app.use(PATH, express.text({ type: '*/*' }))],
    [
      'behind express.json() that keeps them',
      {},
      (app) => app.use(express.json({ verify: keepBytes })),
    ],
    [
      'behind express.json() that keeps them of signed requests',
      {},
      (app) =>
        app.use(express.json({ verify: keepBytesIf(({ headers }) => headers['signature']) })),
    ],
    [
      'behind express.json() that keeps them by path',
      {},
      (app) =>
        app.use(
          express.json({ verify: keepBytesIf(({ originalUrl }) => originalUrl.startsWith(PATH)) }),
        ),
    ],
    ['behind middleware that reads along', {}, (app) => app.use(readAlong)],
    ['behind middleware that reads first', { bodyParser: false }, (app) => app.use(readFirst)],
  ])('%s', async (_, options, prepare) => {
    const { url } = await start('express', options, (app) =>
      prepare(app as NestExpressApplication),
    );
    expect(await statuses(url)).toEqual([201, 401]);
  });
});

describe('The bytes of a delivery are found on Fastify', () => {
  it.each<[string, object, OnFastify]>([
    ['with rawBody: true', { rawBody: true }, () => {}],
    [
      'with rawBody: true and a limit of its own',
      { rawBody: true },
      (app) => app.useBodyParser('application/json', { bodyLimit: 5_000_000 }),
    ],
    ['in request.rawBody, as a string of fastify-raw-body', {}, (app) => app.register(rawBody)],
    [
      'in request.rawBody, as bytes of fastify-raw-body, which brings a JSON parser with it then',
      { bodyParser: false },
      (app) => app.register(rawBody, { encoding: false }),
    ],
    [
      'in request.rawBody, of fastify-raw-body before other hooks',
      {},
      (app) => app.register(rawBody, { runFirst: true }),
    ],
    [
      'in request.rawBody, where a preParsing hook put them',
      {},
      (app) => preParsing(app, (request, bytes) => Object.assign(request, { rawBody: bytes })),
    ],
    [
      'on the request of Node.js, where a preParsing hook put them',
      {},
      (app) =>
        preParsing(app, (request, bytes) =>
          Object.assign((request as { raw: object }).raw, { rawBody: bytes }),
        ),
    ],
    ['behind middleware that reads along', {}, (app) => app.use(readAlong)],
    [
      'behind a content type parser that keeps them',
      { bodyParser: false },
      (app) =>
        app
          .getHttpAdapter()
          .getInstance()
          .addContentTypeParser(
            'application/json',
            { parseAs: 'buffer' },
            (request, bytes, done) => {
              keepBytes(request, null, bytes as Buffer);
              done(null, JSON.parse(String(bytes)));
            },
          ),
    ],
    [
      'behind a content type parser that gives a string',
      { bodyParser: false },
      (app) => {
        const fastify = app.getHttpAdapter().getInstance();
        fastify.removeContentTypeParser('application/json');
        fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (_, text, done) =>
          done(null, text),
        );
      },
    ],
  ])('%s', async (_, options, prepare) => {
    const { url } = await start('fastify', options, async (app) => {
      await prepare(app as NestFastifyApplication);
    });
    expect(await statuses(url)).toEqual([201, 401]);
  });
});

describe.each<[AdapterName, string[]]>([
  [
    'express',
    [
      'NestFactory.create(AppModule, { rawBody: true })',
      "app.useBodyParser('json')",
      "express.raw({ type: 'application/json' })",
    ],
  ],
  [
    'fastify',
    [
      'NestFactory.create(AppModule, new FastifyAdapter(), { rawBody: true })',
      "app.useBodyParser('application/json')",
      'fastify-raw-body',
    ],
  ],
])('If nothing keeps the bytes on %s', (adapter, ways) => {
  it.each([{}, { rawBody: false }])(
    'The app boots, the first delivery fails, and the log says exactly what to do: %j',
    async (options) => {
      const { url, logger } = await start(adapter, options);
      expect(logger.ours('warn')).toEqual([]);
      const response = await deliver(url + PATH, body);
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('rawBody');
      const [warning, ...more] = logger.ours('warn');
      for (const way of ways) expect(warning).toContain(way);
      expect(warning).toContain('npx nestjs-partnero webhooks test --url');
      expect(more).toEqual([]);
      expect((await deliver(url + PATH, body, { signature: null })).status).toBe(401);
      expect(received).toEqual([]);
    },
  );

  it('The log says so once a minute at most', async () => {
    const { url, logger } = await start(adapter);
    useFakeClock();
    const lines = () => logger.ours('warn').length;
    for (let n = 0; n < 5; n += 1) await deliver(url + PATH, body);
    expect(lines()).toBe(1);
    await pass(59_000);
    await deliver(url + PATH, body);
    expect(lines()).toBe(1);
    await pass(2_000);
    await deliver(url + PATH, body);
    expect(lines()).toBe(2);
  });

  it('An app of Test.createTestingModule() boots too', async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [PartneroModule.forRoot({ webhooks: { secret: SECRET } })],
      controllers: [WebhookController],
    }).compile();
    const made = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const app: INestApplication = moduleRef.createNestApplication(made, { logger: false });
    await app.init();
    await app.close();
  });
});

it.each(ADAPTERS)('A body is never serialised again to be verified, on %s', async (adapter) => {
  const { url } = await start(adapter);
  const compact = JSON.stringify({ event: 'partner.created', data: {} });
  expect((await deliver(url + PATH, compact)).status).toBe(500);
  expect(received).toEqual([]);
});

it('A JSON parser at another path, which makes Nest leave out its own, is noticed at the first delivery', async () => {
  const { url, logger } = await start('express', { rawBody: true }, (app) => {
    app.use('/elsewhere', express.json());
  });
  expect((await deliver(url + PATH, body)).status).toBe(500);
  expect(logger.ours('warn').join()).toContain('rawBody: true');
});

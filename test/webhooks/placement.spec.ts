import {
  Controller,
  HttpCode,
  Injectable,
  Post,
  SetMetadata,
  UseGuards,
  ValidationPipe,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import express from 'express';
import {
  PartneroEvent,
  PartneroModule,
  PartneroWebhook,
  PartneroWebhookGuard,
  type PartneroWebhookEvent,
} from 'nestjs-partnero';
import { ADAPTERS, closeApps, startApp } from '../support/app.js';
import { deliver, eventBody, SECRET } from '../support/deliveries.js';

let received: string[];

const body = eventBody('partner.created', { id: 'p1', name: 'Ann' });
const options = { rawBody: true };
const imports = [PartneroModule.forRoot({ webhooks: { secret: SECRET } })];

@Controller('hooks')
class WebhookController {
  @Post('partnero')
  @PartneroWebhook()
  @HttpCode(204)
  receive(@PartneroEvent() event: PartneroWebhookEvent): void {
    received.push(event.name);
  }
}

beforeEach(() => {
  received = [];
});

afterEach(closeApps);

/** What a right and a wrong delivery are answered. */
async function answers(url: string, more: Parameters<typeof deliver>[2] = {}): Promise<number[]> {
  const wrong = await deliver(url, body, { ...more, secret: 'another' });
  expect(received).toEqual([]);
  return [(await deliver(url, body, more)).status, wrong.status];
}

describe.each(ADAPTERS)('the route of a webhook on %s', (adapter) => {
  const setup = { adapter, options, imports, controllers: [WebhookController] };

  it('may have a global prefix and versions', async () => {
    const { url } = await startApp({
      ...setup,
      prepare: (app) =>
        void app
          .setGlobalPrefix('api')
          .enableVersioning({ type: VersioningType.URI, defaultVersion: '2' }),
    });
    expect(await answers(`${url}/api/v2/hooks/partnero`)).toEqual([204, 401]);
    expect(received).toEqual(['partner.created']);
  });

  it('may be any of a controller that is decorated as a whole, or inherited', async () => {
    @PartneroWebhook()
    @Controller('whole')
    class WholeController {
      @Post()
      receive(@PartneroEvent() event: PartneroWebhookEvent) {
        received.push(event.name);
      }
    }
    @Controller('inherited')
    class InheritedController extends WebhookController {}
    const { url } = await startApp({
      ...setup,
      controllers: [WholeController, InheritedController],
    });
    expect(await answers(`${url}/whole`)).toEqual([201, 401]);
    received = [];
    expect(await answers(`${url}/inherited/partnero`)).toEqual([204, 401]);
  });

  it('stands behind a global guard, which the app opens for it as for any route', async () => {
    const Public = () => SetMetadata('public', true);
    @Injectable()
    class AuthGuard implements CanActivate {
      constructor(private readonly reflector: Reflector) {}
      canActivate(context: ExecutionContext): boolean {
        return this.reflector.get<boolean | undefined>('public', context.getHandler()) ?? false;
      }
    }
    @Controller()
    class GuardedController {
      @Post('open')
      @Public()
      @PartneroWebhook()
      open(@PartneroEvent() event: PartneroWebhookEvent) {
        received.push(event.name);
      }

      @Post('closed')
      @PartneroWebhook()
      closed(@PartneroEvent() event: PartneroWebhookEvent) {
        received.push(event.name);
      }
    }
    const { url } = await startApp({
      ...setup,
      controllers: [GuardedController],
      providers: [{ provide: APP_GUARD, useClass: AuthGuard }],
    });
    expect(await answers(`${url}/open`)).toEqual([201, 401]);
    received = [];
    expect(await answers(`${url}/closed`)).toEqual([403, 403]);
    expect(received).toEqual([]);
  });

  it('goes with strict pipes and with other guards on it', async () => {
    class Never implements CanActivate {
      canActivate() {
        return false;
      }
    }
    @Controller()
    class StrictController {
      @Post('strict')
      @PartneroWebhook()
      strict(@PartneroEvent() event: PartneroWebhookEvent) {
        received.push(event.name);
      }

      @Post('never')
      @UseGuards(Never)
      @PartneroWebhook()
      never() {
        received.push('never');
      }
    }
    const { url } = await startApp({
      ...setup,
      controllers: [StrictController],
      prepare: (app) =>
        void app.useGlobalPipes(
          new ValidationPipe({
            transform: true,
            whitelist: true,
            forbidNonWhitelisted: true,
            forbidUnknownValues: true,
            validateCustomDecorators: true,
          }),
        ),
    });
    expect(await answers(`${url}/strict`)).toEqual([201, 401]);
    received = [];
    expect(await answers(`${url}/never`)).toEqual([403, 401]);
    expect(received).toEqual([]);
  });

  it('takes events of several programs, each by its own secret', async () => {
    @Controller()
    class TwoController {
      @Post('affiliates')
      @PartneroWebhook()
      affiliates(@PartneroEvent() event: PartneroWebhookEvent) {
        received.push(event.program);
      }

      @Post('friends')
      @PartneroWebhook({ name: 'friends' })
      friends(@PartneroEvent() event: PartneroWebhookEvent) {
        received.push(event.program);
      }
    }
    const { url } = await startApp({
      ...setup,
      imports: [
        ...imports,
        PartneroModule.forRoot({ name: 'friends', webhooks: { secret: 'secret-of-friends' } }),
      ],
      controllers: [TwoController],
    });
    expect(await answers(`${url}/affiliates`)).toEqual([201, 401]);
    const cross = { secret: 'secret-of-friends' };
    expect((await deliver(`${url}/affiliates`, body, cross)).status).toBe(401);
    expect((await deliver(`${url}/friends`, body)).status).toBe(401);
    expect((await deliver(`${url}/friends`, body, cross)).status).toBe(201);
    expect(received).toEqual(['default', 'friends']);
  });

  it('verifies before it looks at what is said', async () => {
    const { url } = await startApp(setup);
    const hostile = '{"event":"partner.created","data":{"__proto__":{"admin":true}}}';
    const response = await deliver(`${url}/hooks/partnero`, hostile);
    // Fastify's parser refuses such names by itself.
    expect(response.status).toBe(adapter === 'fastify' ? 400 : 204);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('injects no event on a route that nothing has verified', async () => {
    @Controller()
    class ForgetfulController {
      @Post('forgotten')
      receive(@PartneroEvent() event: PartneroWebhookEvent) {
        received.push(event.name);
      }
    }
    const { url, logger } = await startApp({ ...setup, controllers: [ForgetfulController] });
    const response = await deliver(`${url}/forgotten`, body);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('Forgetful');
    expect(received).toEqual([]);
    expect(logger.text).toContain(
      'ForgetfulController.receive has a parameter with @PartneroEvent()',
    );
  });

  it('can be tested without signatures, its guard replaced as any other', async () => {
    const moduleRef = await Test.createTestingModule({ controllers: [WebhookController] })
      .overrideGuard(PartneroWebhookGuard)
      .useValue({ canActivate: () => true })
      .compile();
    moduleRef.get(WebhookController).receive({ name: 'by hand' } as PartneroWebhookEvent);
    expect(received).toEqual(['by hand']);
  });
});

describe('without a PartneroModule', () => {
  it.each(ADAPTERS)('nothing is let through on %s', async (adapter) => {
    const { url, logger } = await startApp({
      adapter,
      options,
      controllers: [WebhookController],
    });
    expect((await deliver(`${url}/hooks/partnero`, body)).status).toBe(500);
    expect(received).toEqual([]);
    expect(logger.text).toContain('import PartneroModule.forRoot()');
  });
});

describe('a body parser of the app’s own', () => {
  const start = (
    adapter: 'express' | 'fastify',
    prepare: (app: INestApplication) => void,
    given: object = {},
  ) =>
    startApp({
      adapter,
      options: { ...options, ...given },
      imports,
      controllers: [WebhookController],
      prepare,
    });

  const keepBytes = (request: unknown, _: unknown, bytes: Buffer) =>
    void Object.assign(request as object, { rawBody: bytes });

  it.each<[string, (app: NestExpressApplication) => void, object]>([
    ['of Nest’s, with another limit', (app) => app.useBodyParser('json', { limit: '5mb' }), {}],
    ['that keeps the bytes', (app) => app.use(express.json({ verify: keepBytes })), {}],
    [
      'that keeps them of signed requests',
      (app) =>
        app.use(
          express.json({
            verify: (request: express.Request, response, bytes) => {
              if (request.headers['signature']) keepBytes(request, response, bytes);
            },
          }),
        ),
      {},
    ],
    [
      'that keeps them by path',
      (app) =>
        app.use(
          express.json({
            verify: (request: express.Request, response, bytes) => {
              if (request.originalUrl.startsWith('/hooks')) keepBytes(request, response, bytes);
            },
          }),
        ),
      {},
    ],
    [
      'for raw bodies, on this path',
      (app) => app.use('/hooks', express.raw({ type: '*/*' })),
      { bodyParser: false },
    ],
    ['for texts', (app) => app.use(express.text({ type: '*/*' })), { bodyParser: false }],
  ])('%s, goes on Express', async (_, prepare, given) => {
    const { url } = await start('express', (app) => prepare(app as NestExpressApplication), given);
    expect(await answers(`${url}/hooks/partnero`)).toEqual([204, 401]);
  });

  it.each<[string, (app: NestFastifyApplication) => void, object]>([
    [
      'of Nest’s, with another limit',
      (app) => app.useBodyParser('application/json', { bodyLimit: 5_000_000 }),
      {},
    ],
    [
      'that gives texts',
      (app) => {
        const fastify = app.getHttpAdapter().getInstance();
        fastify.removeContentTypeParser('application/json');
        fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (_, text, done) =>
          done(null, text),
        );
      },
      { bodyParser: false },
    ],
    [
      'that keeps the bytes',
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
      { bodyParser: false },
    ],
  ])('%s, goes on Fastify', async (_, prepare, given) => {
    const { url } = await start('fastify', (app) => prepare(app as NestFastifyApplication), given);
    expect(await answers(`${url}/hooks/partnero`)).toEqual([204, 401]);
  });
});

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
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  getWebhooksToken,
  getWebhookVerifierToken,
  PartneroEvent,
  PartneroModule,
  PartneroService,
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

/** The responses to a valid and to a forged delivery. */
async function answers(url: string, more: Parameters<typeof deliver>[2] = {}): Promise<number[]> {
  const wrong = await deliver(url, body, { ...more, secret: 'another' });
  expect(received).toEqual([]);
  return [(await deliver(url, body, more)).status, wrong.status];
}

describe.each(ADAPTERS)('the route of a webhook on %s', (adapter) => {
  const setup = { adapter, options, imports, controllers: [WebhookController] };

  it('The route may have a global prefix and versions', async () => {
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

  it('The route may be any of a decorated or an inherited controller', async () => {
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

  it('The route is behind a global guard, which the app opens for it as for any route', async () => {
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

  it('The route works with strict pipes and with other guards', async () => {
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

  it('Each program accepts only events that are signed with its own secret', async () => {
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

  it('The bytes are verified before they are parsed', async () => {
    const { url } = await startApp(setup);
    const hostile = '{"event":"partner.created","data":{"__proto__":{"admin":true}}}';
    const response = await deliver(`${url}/hooks/partnero`, hostile);
    // Fastify's parser refuses such names by itself.
    expect(response.status).toBe(adapter === 'fastify' ? 400 : 204);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('No event is injected on a route that nothing has verified', async () => {
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

  it('A test may replace the guard like any other', async () => {
    const moduleRef = await Test.createTestingModule({ controllers: [WebhookController] })
      .overrideGuard(PartneroWebhookGuard)
      .useValue({ canActivate: () => true })
      .compile();
    moduleRef.get(WebhookController).receive({ name: 'by hand' } as PartneroWebhookEvent);
    expect(received).toEqual(['by hand']);
  });
});

describe('a provider that a test overrides under its token', () => {
  const event = { program: 'default', name: 'by hand', type: 'unknown' } as PartneroWebhookEvent;

  @Controller()
  class DispatchingController {
    constructor(private readonly partnero: PartneroService) {}

    @Post('dispatch')
    @PartneroWebhook()
    receive(@PartneroEvent() received: PartneroWebhookEvent) {
      return this.partnero.webhooks.dispatch(received);
    }
  }

  it('A test may override the verifier, which needs no secret then, and the service', async () => {
    const dispatched: PartneroWebhookEvent[] = [];
    const moduleRef = await Test.createTestingModule({
      imports: [PartneroModule.forRoot({})],
      controllers: [DispatchingController],
    })
      .overrideProvider(getWebhookVerifierToken())
      .useValue({ verify: () => event })
      .overrideProvider(getWebhooksToken())
      .useValue({ dispatch: (each: PartneroWebhookEvent) => void dispatched.push(each) })
      .compile();
    const app = moduleRef.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const response = await fetch(`${await app.getUrl()}/dispatch`, { method: 'POST' });
    await app.close();
    expect(response.status).toBe(201);
    expect(dispatched).toEqual([event]);
  });

  it('A named program has tokens of its own', () => {
    expect(getWebhookVerifierToken('friends')).not.toBe(getWebhookVerifierToken());
    expect(getWebhooksToken('friends')).not.toBe(getWebhooksToken());
  });
});

describe('without a PartneroModule', () => {
  it.each(ADAPTERS)(
    'Without a PartneroModule every delivery is refused, on %s',
    async (adapter) => {
      const { url, logger } = await startApp({
        adapter,
        options,
        controllers: [WebhookController],
      });
      expect((await deliver(`${url}/hooks/partnero`, body)).status).toBe(500);
      expect(received).toEqual([]);
      expect(logger.text).toContain('import PartneroModule.forRoot()');
    },
  );
});

import { Controller } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import {
  MessagePattern,
  Payload,
  Transport,
  ClientProxyFactory,
  type MicroserviceOptions,
} from '@nestjs/microservices';
import {
  AttributeReferral,
  AttributeReferralInterceptor,
  PartneroService,
  Referral,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { firstValueFrom, lastValueFrom, of } from 'rxjs';
import { closeApps, partnero, startApp } from '../support/app.js';
import { settled } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let fake: FakePartnero;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

class Handlers {
  @AttributeReferral()
  signUp() {
    return { id: 'user-1' };
  }
}

async function intercept(type: string, args: unknown[]) {
  const { app } = await startApp({
    imports: [partnero(fake)],
    providers: [AttributeReferralInterceptor],
  });
  const context = new ExecutionContextHost(args, Handlers, Handlers.prototype.signUp);
  context.setType(type);
  const interceptor = app.get(AttributeReferralInterceptor);
  const result = await interceptor.intercept(context, {
    handle: () => of({ id: 'user-1' }),
  });
  expect(await lastValueFrom(result)).toEqual({ id: 'user-1' });
  return app;
}

const request = () => ({ headers: { cookie: 'partnero_partner=ann' } });

describe('a GraphQL context', () => {
  it.each([
    ['req', () => ({ req: request() })],
    ['request', () => ({ request: request() })],
    ['reply.request', () => ({ reply: { request: request() } })],
  ])('with its request in %s is read', async (_, context) => {
    const app = await intercept('graphql', [undefined, {}, context(), {}]);
    await settled(app, 1);
    expect(fake.customers).toMatchObject([{ key: 'user-1' }]);
  });

  it.each([[undefined], [null], [{}], [{ req: {} }], [{ req: null }], [{ reply: {} }]])(
    'like %j passes through',
    async (context) => {
      const app = await intercept('graphql', [undefined, {}, context, {}]);
      expect((await app.get(PartneroService).outbox.stats()).queued).toBe(0);
    },
  );
});

describe('anything else', () => {
  it.each([
    ['rpc', [{ id: 1 }, {}]],
    ['ws', [{}, {}]],
    ['telegraf', [request()]],
    ['http', []],
    ['http', [{}]],
    ['http', [null, null]],
  ])('%s with %j passes through', async (type, args) => {
    const app = await intercept(type, args);
    expect(await app.get(PartneroService).outbox.stats()).toMatchObject({
      queued: 0,
      notAccepted: { no_referral: 0, no_customer: 0 },
    });
  });
});

describe('a microservice', () => {
  @Controller()
  class AccountsController {
    @MessagePattern('sign-up')
    @AttributeReferral()
    signUp(@Payload() payload: { id: string }, @Referral() referral: ReferralContext) {
      return { id: payload.id, key: referral.key };
    }
  }

  it('answers as without us', async () => {
    const options = { host: '127.0.0.1', port: 0 };
    const { app } = await startApp({
      imports: [partnero(fake)],
      controllers: [AccountsController],
      prepare: async (nest) => {
        const service = nest.connectMicroservice<MicroserviceOptions>(
          { transport: Transport.TCP, options },
          { inheritAppConfig: true },
        );
        await nest.startAllMicroservices();
        options.port = service.unwrap<{ address(): { port: number } }>().address().port;
      },
    });
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
    expect(await firstValueFrom(client.send('sign-up', { id: '1' }))).toEqual({
      id: '1',
      key: null,
    });
    await client.close();
    expect((await app.get(PartneroService).outbox.stats()).queued).toBe(0);
  });
});

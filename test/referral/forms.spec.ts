import multipart from '@fastify/multipart';
import { Body, Controller, Post, UseInterceptors } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  AttributeReferral,
  PartneroService,
  Referral,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { settled } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

@Controller()
class FormController {
  @Post('parsed-behind')
  @UseInterceptors(FileInterceptor('avatar'))
  @AttributeReferral()
  parsedBehind(@Body('id') id: string) {
    return { id };
  }

  @Post('parsed-before')
  @AttributeReferral()
  @UseInterceptors(FileInterceptor('avatar'))
  parsedBefore(@Body('id') id: string) {
    return { id };
  }

  @Post('by-hand')
  @UseInterceptors(FileInterceptor('avatar'))
  @AttributeReferral()
  async byHand(@Body('id') id: string, @Referral() referral: ReferralContext) {
    return { key: referral.key, outcome: await referral.attribute({ id }) };
  }
}

/** A form that `@fastify/multipart` has parsed before the route. */
@Controller()
class FastifyFormController {
  @Post('keys')
  @AttributeReferral(({ key }: { key: string }) => ({ key }))
  keys(@Body() { id }: { id: string | { value: string } }) {
    return { key: typeof id === 'string' ? id : id.value };
  }
}

let fake: FakePartnero;
let running: RunningApp;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann', 'bob'] });
  running = await startApp({
    imports: [partnero(fake, { referral: { bodyField: 'aff' } })],
    controllers: [FormController],
  });
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

async function send(path: string, fields: Record<string, string>, cookie = ''): Promise<unknown> {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  body.set('avatar', new Blob(['png']), 'avatar.png');
  const response = await fetch(`${running.url}/${path}`, {
    method: 'POST',
    body,
    headers: cookie === '' ? {} : { cookie: `partnero_partner=${cookie}` },
  });
  expect(response.status).toBe(201);
  return response.json();
}

const partners = () => fake.customers.map(({ key, partner }) => [key, partner?.key] as const);

describe('the referral key in a form with a file', () => {
  it.each(['parsed-behind', 'parsed-before'])('is read: %s the interceptor', async (path) => {
    await send(path, { id: 'user-1', aff: 'ann' });
    await settled(running.app, 1);
    expect(partners()).toEqual([['user-1', 'ann']]);
  });

  it('is what the handler sees and attributes by hand', async () => {
    const result = await send('by-hand', { id: 'user-1', aff: 'ann' });
    expect(result).toEqual({ key: 'ann', outcome: 'queued' });
    await settled(running.app, 1);
    expect(partners()).toEqual([['user-1', 'ann']]);
  });

  it('goes before the cookie, and the cookie counts where the form has none', async () => {
    await send('parsed-behind', { id: 'user-1', aff: 'ann' }, 'bob');
    await send('parsed-behind', { id: 'user-2' }, 'bob');
    await settled(running.app, 2);
    expect(new Map(partners())).toEqual(
      new Map([
        ['user-1', 'ann'],
        ['user-2', 'bob'],
      ]),
    );
  });

  it('gives way to the resolve option', async () => {
    await closeApps();
    const referral = { bodyField: 'aff', resolve: () => 'ann' };
    running = await startApp({
      imports: [partnero(fake, { referral })],
      controllers: [FormController],
    });
    await send('parsed-behind', { id: 'user-1', aff: 'bob' }, 'bob');
    await settled(running.app, 1);
    expect(partners()).toEqual([['user-1', 'ann']]);
  });

  it('is missing: no referral', async () => {
    await send('parsed-behind', { id: 'user-1' });
    const { queued, notAccepted } = await running.app.get(PartneroService).outbox.stats();
    expect([queued, notAccepted.no_referral]).toEqual([0, 1]);
  });
});

describe('the referral key in a form on Fastify', () => {
  it.each([true, 'keyValues'] as const)(
    'is read as @fastify/multipart leaves it with attachFieldsToBody: %j',
    async (attachFieldsToBody) => {
      await closeApps();
      running = await startApp({
        adapter: 'fastify',
        imports: [partnero(fake, { referral: { bodyField: 'aff' } })],
        controllers: [FastifyFormController],
        prepare: async (app) => {
          await (app as NestFastifyApplication).register(multipart, { attachFieldsToBody });
        },
      });
      await send('keys', { id: 'user-1', aff: 'ann' });
      await settled(running.app, 1);
      expect(partners()).toEqual([['user-1', 'ann']]);
    },
  );
});

import { inspect } from 'node:util';
import { Controller, Injectable, Post, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import express from 'express';
import {
  OnPartneroEvent,
  PartneroModule,
  PartneroService,
  PartneroWebhook,
  sqliteOutbox,
  type PartneroModuleOptions,
  type PartneroWebhookEvent,
  type WebhooksOptions,
} from 'nestjs-partnero';
import { ADAPTERS, closeApps, startApp, type AppSetup } from '../support/app.js';
import { deliver, eventBody, SECRET } from '../support/deliveries.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

@Controller()
class WebhookController {
  @Post('hook')
  @PartneroWebhook()
  receive() {
    return 'received';
  }
}

@Controller()
class FriendsController {
  @Post('friends')
  @PartneroWebhook({ name: 'friends' })
  receive() {
    return 'received';
  }
}

const ENVIRONMENT = 'PARTNERO_WEBHOOK_SECRET';

afterEach(async () => {
  delete process.env[ENVIRONMENT];
  await closeApps();
});

afterAll(removeTemporaryFolders);

const start = (options: PartneroModuleOptions & { name?: string }, setup: AppSetup = {}) =>
  startApp({
    options: { rawBody: true },
    imports: [PartneroModule.forRoot(options)],
    controllers: [WebhookController],
    ...setup,
  });

const withSecret = { webhooks: { secret: SECRET } };
const body = eventBody('partner.created');

describe('the secret', () => {
  it('must be there where a route needs it', async () => {
    const boot = start({});
    await expect(boot).rejects.toThrow('WebhookController.receive has @PartneroWebhook()');
    await expect(boot).rejects.toThrow(/PARTNERO_WEBHOOK_SECRET, or the option webhooks\.secret/);
    await expect(boot).rejects.toMatchObject({ name: 'PartneroConfigurationError' });
    await expect(start({ webhooks: { secret: [] } })).rejects.toThrow('webhooks.secret');
  });

  it('comes from the environment, but not for a named program', async () => {
    process.env[ENVIRONMENT] = `${SECRET}\n`;
    const { url } = await start({});
    expect((await deliver(`${url}/hook`, body)).status).toBe(201);
    const named = start({ name: 'friends' }, { controllers: [FriendsController] });
    await expect(named).rejects.toThrow('Set the option webhooks.secret');
    process.env[ENVIRONMENT] = ' ';
    await expect(start({})).rejects.toThrow('webhooks.secret');
  });

  it('is needed by no app that receives nothing', async () => {
    const { url } = await start({}, { controllers: [], options: {} });
    expect((await fetch(url)).status).toBe(404);
  });

  it('is shown by nothing of ours', async () => {
    const { app, logger } = await start(withSecret);
    const behind = app.get<object>('nestjs-partnero:webhooks:default');
    const shown = inspect(behind, { depth: 5 });
    expect(shown).toContain('[webhook secret]');
    expect(shown).not.toContain(SECRET);
    const { webhooks } = app.get(PartneroService);
    expect(inspect(webhooks, { showHidden: true }) + JSON.stringify(webhooks)).not.toContain(
      SECRET,
    );
    expect(logger.text).not.toContain(SECRET);
  });
});

describe('options', () => {
  it.each<[string, unknown]>([
    ['webhooks', 'a text'],
    ['webhooks.secrets', { secrets: 'x' }],
    ['webhooks.secret', { secret: '' }],
    ['webhooks.secret', { secret: ['right', ' '] }],
    ['webhooks.secret', { secret: 7 }],
    ['webhooks.header', { header: '' }],
    ['webhooks.header', { header: 'X Signature' }],
    ['webhooks.toleranceSeconds', { toleranceSeconds: 0 }],
    ['webhooks.toleranceSeconds', { toleranceSeconds: '60' }],
    ['webhooks.toleranceSeconds', { toleranceSeconds: 1e9 }],
    ['webhooks.onHandlerError', { onHandlerError: true }],
    ['webhooks.ensure', { ensure: 'https://app.example.com/hook' }],
    ['webhooks.ensure.url', { ensure: { events: ['partner.created'] } }],
    ['webhooks.ensure.url', { ensure: { url: '/hook', events: ['partner.created'] } }],
    ['webhooks.ensure.url', { ensure: { url: 'ftp://x/hook', events: ['partner.created'] } }],
    ['webhooks.ensure.url', { ensure: { url: 'https://a:b@x/hook', events: ['partner.created'] } }],
    ['webhooks.ensure.events', { ensure: { url: 'https://x/hook', events: [] } }],
    ['webhooks.ensure.events', { ensure: { url: 'https://x/hook', events: 'partner.created' } }],
    [
      'webhooks.ensure.name',
      { ensure: { url: 'https://x/hook', events: ['partner.created'], name: 'n'.repeat(101) } },
    ],
    [
      'webhooks.ensure.event',
      { ensure: { url: 'https://x/hook', event: 'partner.created', events: ['x'] } },
    ],
  ])('are checked: %s', async (path, webhooks) => {
    const boot = start({ webhooks: webhooks as WebhooksOptions });
    await expect(boot).rejects.toThrow(`${path} `);
    await expect(boot).rejects.toMatchObject({ name: 'PartneroConfigurationError' });
  });
});

describe.each(ADAPTERS)('rawBody on %s', (adapter) => {
  const WAY_OUT = 'NestFactory.create(AppModule, { rawBody: true })';

  it('must be on where a route needs it', async () => {
    for (const options of [{}, { rawBody: false }]) {
      const boot = start(withSecret, { adapter, options });
      await expect(boot).rejects.toThrow(WAY_OUT);
      await expect(boot).rejects.toThrow('WebhookController.receive');
    }
  });

  it('must be on in a test’s app too', async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [PartneroModule.forRoot(withSecret)],
      controllers: [WebhookController],
    }).compile();
    const made = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const app: INestApplication = moduleRef.createNestApplication(made, { logger: false });
    await expect(app.init()).rejects.toThrow(WAY_OUT);
    await app.close();
  });

  it('is not asked for by an app without such a route', async () => {
    await start(withSecret, { adapter, options: {}, controllers: [] });
  });

  it('is missed at the first delivery, where it could not be seen at boot', async () => {
    const { url, logger } = await start(withSecret, {
      adapter,
      options: { bodyParser: false },
      prepare: (app) => {
        const instance = app.getHttpAdapter().getInstance() as {
          addHook?: (name: string, hook: unknown) => void;
        };
        if (adapter === 'fastify') {
          instance.addHook!(
            'preParsing',
            async (_: unknown, __: unknown, payload: unknown) => payload,
          );
        } else {
          app.use(async function parse(
            request: AsyncIterable<Buffer>,
            _: unknown,
            next: () => void,
          ) {
            let text = '';
            for await (const chunk of request) text += String(chunk);
            Object.assign(request, { body: JSON.parse(text) as unknown });
            next();
          });
        }
      },
    });
    const response = await deliver(`${url}/hook`, body);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('rawBody');
    expect(logger.ours('warn').join()).toContain(WAY_OUT);
    // The signature isn't even looked at, but its form is.
    expect((await deliver(`${url}/hook`, body, { signature: null })).status).toBe(401);
  });
});

describe('a parser in front that keeps no bytes', () => {
  it('is found at boot', async () => {
    const boot = start(withSecret, { prepare: (app) => void app.use(express.json()) });
    await expect(boot).rejects.toThrow('another body parser reads the body first (app.use(json())');
  });

  it('on another path is found at the first delivery: Nest then uses none of its own', async () => {
    const { url, logger } = await start(withSecret, {
      prepare: (app) => void app.use('/elsewhere', express.json()),
    });
    expect((await deliver(`${url}/hook`, body)).status).toBe(500);
    expect(logger.ours('warn').join()).toContain('rawBody: true');
  });
});

describe('decorators', () => {
  it('that name a program which the app does not have fail the boot', async () => {
    const boot = start(withSecret, { controllers: [FriendsController] });
    await expect(boot).rejects.toThrow(
      "FriendsController.receive is for the program 'friends', which this app doesn't have. It has: 'default'",
    );
    @Injectable()
    class Partners {
      @OnPartneroEvent('partner.created', { name: 'friends' })
      add() {}
    }
    await expect(start(withSecret, { providers: [Partners] })).rejects.toThrow(
      "Partners.add is for the program 'friends'",
    );
  });
});

describe('enabled: false', () => {
  it('boots without a secret, and takes nothing', async () => {
    const path = `${temporaryFolder()}/outbox.db`;
    let handled = 0;
    @Injectable()
    class Partners {
      @OnPartneroEvent('*')
      add() {
        handled += 1;
      }
    }
    const { url, app } = await start(
      { enabled: false, outbox: sqliteOutbox({ path }) },
      { providers: [Partners], options: {} },
    );
    expect((await deliver(`${url}/hook`, body)).status).toBe(503);
    const { webhooks } = app.get(PartneroService);
    const event = { program: 'default', id: 'x', name: 'partner.created', type: 'partner.created' };
    await expect(webhooks.dispatch(event as PartneroWebhookEvent)).rejects.toMatchObject({
      status: 503,
    });
    expect(await webhooks.inbox.stats()).toMatchObject({ queued: 0, pending: 0 });
    expect(handled).toBe(0);
  });
});

describe('at boot', () => {
  it('one line says what is in force', async () => {
    @Injectable()
    class Partners {
      @OnPartneroEvent('partner.created')
      add() {}
    }
    const path = `${temporaryFolder()}/outbox.db`;
    const { logger } = await start(
      { ...withSecret, outbox: sqliteOutbox({ path }) },
      { providers: [Partners] },
    );
    expect(logger.ours('log')).toContain(
      '[Partnero] Webhooks arrive at WebhookController.receive. Their handlers: Partners.add. ' +
        `Inbox: ${path}.`,
    );
  });
});

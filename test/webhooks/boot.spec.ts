import { inspect } from 'node:util';
import { Controller, Injectable, Post } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import {
  getWebhookVerifierToken,
  OnPartneroEvent,
  PartneroModule,
  PartneroService,
  PartneroWebhook,
  sqliteOutbox,
  type PartneroModuleOptions,
  type PartneroWebhookEvent,
  type WebhooksOptions,
  type WebhookVerifier,
} from 'nestjs-partnero';
import { closeApps, startApp, type AppSetup } from '../support/app.js';
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
  it('The boot fails if a route has @PartneroWebhook() and there is no secret', async () => {
    const boot = start({});
    await expect(boot).rejects.toThrow('WebhookController.receive has @PartneroWebhook()');
    await expect(boot).rejects.toThrow(/PARTNERO_WEBHOOK_SECRET, or the option webhooks\.secret/);
    await expect(boot).rejects.toMatchObject({ name: 'PartneroConfigurationError' });
    await expect(start({ webhooks: { secret: [] } })).rejects.toThrow('webhooks.secret');
  });

  it('The secret comes from the environment, but not for a named program', async () => {
    process.env[ENVIRONMENT] = `${SECRET}\n`;
    const { url } = await start({});
    expect((await deliver(`${url}/hook`, body)).status).toBe(201);
    const named = start({ name: 'friends' }, { controllers: [FriendsController] });
    await expect(named).rejects.toThrow('Set the option webhooks.secret');
    process.env[ENVIRONMENT] = ' ';
    await expect(start({})).rejects.toThrow('webhooks.secret');
  });

  it('An app without such a route needs no secret', async () => {
    const { url } = await start({}, { controllers: [], options: {} });
    expect((await fetch(url)).status).toBe(404);
  });

  it('No log line and no printed provider shows the secret', async () => {
    const { app, logger } = await start(withSecret);
    const verifier = app.get<WebhookVerifier>(getWebhookVerifierToken());
    expect(inspect(verifier, { depth: 5 })).toContain('[webhook secret]');
    for (const { token, instance } of app.get(DiscoveryService, { strict: false }).getProviders()) {
      if (!String(token).includes('partnero')) continue;
      expect(inspect(instance, { depth: 8 })).not.toContain(SECRET);
    }
    const { webhooks } = app.get(PartneroService);
    expect(inspect(webhooks, { showHidden: true }) + JSON.stringify(webhooks)).not.toContain(
      SECRET,
    );
    expect(logger.text).not.toContain(SECRET);
  });
});

describe('options', () => {
  it.each<[string, unknown]>([
    ['webhooks', 'a string'],
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
    // A command instead: webhooks ensure.
    ['webhooks.ensure', { ensure: { url: 'https://x/hook', events: ['partner.created'] } }],
  ])('The boot fails if this option is invalid: %s', async (path, webhooks) => {
    const boot = start({ webhooks: webhooks as WebhooksOptions });
    await expect(boot).rejects.toThrow(`${path} `);
    await expect(boot).rejects.toMatchObject({ name: 'PartneroConfigurationError' });
  });
});

describe('decorators', () => {
  it('The boot fails if a decorator names a program that the app does not have', async () => {
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

describe('the id of a handler', () => {
  const ids = {
    NUL: 'sync\0crm',
    'a lone surrogate': 'sync \ud800',
    nothing: ' ',
    long: 'x'.repeat(256),
  };

  it.each(Object.entries(ids))('The boot fails if the id has or is %s', async (_, id) => {
    @Injectable()
    class Partners {
      @OnPartneroEvent('partner.created', { id })
      add() {}
    }
    const boot = start(withSecret, { providers: [Partners] });
    await expect(boot).rejects.toThrow(
      /^The id of a handler with @OnPartneroEvent\(\) must be .*: correct that of Partners\.add\.$/,
    );
    await expect(boot).rejects.toMatchObject({ name: 'PartneroConfigurationError' });
  });

  it('The boot fails if a method without an id has a name that cannot be saved', async () => {
    @Injectable()
    class Partners {
      @OnPartneroEvent('partner.created')
      ['add\0']() {}
    }
    const boot = start(withSecret, { providers: [Partners] });
    await expect(boot).rejects.toThrow('correct that of Partners.add\uFFFD.');
  });
});

describe('enabled: false', () => {
  it('With enabled: false the app boots without a secret and accepts no event', async () => {
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
  it('One log line at boot names the routes, the handlers and the inbox', async () => {
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

import { Controller, Inject, Injectable, Module, Post, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  InjectPartnero,
  OnPartneroEvent,
  PartneroEvent,
  PartneroModule,
  PartneroService,
  PartneroWebhook,
  sqliteOutbox,
  type PartneroEventOf,
  type PartneroWebhookEvent,
} from 'nestjs-partnero';
import { ADAPTERS, closeApps, startApp } from '../support/app.js';
import { deliver, eventBody, SECRET } from '../support/deliveries.js';
import {
  called,
  calls,
  Commissions,
  forgetCalls,
  handled,
  inboxOf,
  path,
  refund,
  sale,
  startHandling,
} from '../support/event-handlers.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { WebhookController } from '../support/webhook.controller.js';

beforeEach(forgetCalls);

afterEach(closeApps);

afterAll(removeTemporaryFolders);

describe.each(ADAPTERS)('@OnPartneroEvent() on %s', (adapter) => {
  it('Every handler that wants an event gets it, behind the response', async () => {
    const running = await startHandling({}, [Commissions], { adapter });
    const response = await deliver(`${running.url}/hook`, sale());
    expect([response.status, await response.json()]).toEqual([201, { queued: 2, duplicates: 0 }]);
    await deliver(`${running.url}/hook`, refund());
    await handled(running, 3);
    expect(calls.toSorted()).toEqual([
      'add transaction.created',
      'count transaction.created',
      'count transaction.deleted',
    ]);
  });
});

describe('what a handler gets', () => {
  it('A handler gets the event as it was delivered', async () => {
    let got: PartneroWebhookEvent | undefined;
    @Injectable()
    class Everything {
      @OnPartneroEvent('*')
      take(event: PartneroWebhookEvent) {
        got = event;
      }
    }
    let direct: PartneroWebhookEvent | undefined;
    @Controller()
    class DirectController {
      constructor(private readonly partnero: PartneroService) {}

      @Post('hook')
      @PartneroWebhook()
      async receive(@PartneroEvent() event: PartneroWebhookEvent) {
        direct = event;
        await this.partnero.webhooks.dispatch(event);
      }
    }
    const running = await startHandling({}, [Everything], { controllers: [DirectController] });
    await deliver(`${running.url}/hook`, sale('inv-1', { note: 'Zoë "/"', nested: { a: [1.5] } }));
    await handled(running, 1);
    expect(got).toEqual(direct);
    expect(got).toMatchObject({ type: 'transaction.created', data: { nested: { a: [1.5] } } });
  });

  it('An event that no handler wants is said once, since a name may be mistyped', async () => {
    @Injectable()
    class Mistyped {
      @OnPartneroEvent('transaction.create')
      add(event: PartneroWebhookEvent) {
        called('add', event);
      }
    }
    const running = await startHandling({}, [Mistyped]);
    for (const key of ['inv-1', 'inv-2']) await deliver(`${running.url}/hook`, sale(key));
    await deliver(`${running.url}/hook`, eventBody('nestjs-partnero.test'));
    expect(running.logger.ours('warn')).toEqual([
      expect.stringContaining('No handler of this app wants the event transaction.created'),
    ]);
  });

  it('A handler gets events by name (known or unknown), all unknown events, or all events', async () => {
    @Injectable()
    class Choosy {
      @OnPartneroEvent('payout.requested')
      payout(event: PartneroWebhookEvent) {
        called('payout', event);
      }

      @OnPartneroEvent('unknown')
      unknown(event: PartneroEventOf<'unknown'>) {
        called('unknown', event);
      }

      @OnPartneroEvent('*')
      everything(event: PartneroWebhookEvent) {
        called('everything', event);
      }

      @OnPartneroEvent('partner.created')
      @OnPartneroEvent('partner.updated')
      twice(event: PartneroWebhookEvent) {
        called('twice', event);
      }
    }
    const running = await startHandling({}, [Choosy]);
    const hook = `${running.url}/hook`;
    await deliver(hook, eventBody('payout.requested'));
    await deliver(hook, eventBody('partner.created'));
    await deliver(hook, eventBody('partner.updated'));
    // Its data is no object, so handlers of this name don't get it.
    await deliver(hook, eventBody('partner.created', 'a text'));
    await handled(running, 9);
    expect(calls.toSorted()).toEqual([
      'everything partner.created',
      'everything partner.created',
      'everything partner.updated',
      'everything payout.requested',
      'payout payout.requested',
      'twice partner.created',
      'twice partner.updated',
      'unknown partner.created',
      'unknown payout.requested',
    ]);
  });

  it('An event that no handler wants is accepted all the same', async () => {
    const running = await startHandling();
    const response = await deliver(`${running.url}/hook`, eventBody('partner.created'));
    expect([response.status, await response.json()]).toEqual([201, { queued: 0, duplicates: 0 }]);
    expect(await inboxOf(running).stats()).toMatchObject({ queued: 0 });
  });
});

describe('handlers', () => {
  it('A handler may be inherited, in a controller, made by a factory, request-scoped or transient', async () => {
    abstract class Base {
      abstract readonly name: string;

      @OnPartneroEvent('partner.created')
      take(event: PartneroWebhookEvent) {
        called(this.name, event);
      }
    }
    @Injectable()
    class Inherited extends Base {
      readonly name = 'inherited';
    }
    class Made extends Base {
      readonly name = 'made';
    }
    @Injectable({ scope: Scope.REQUEST })
    class OfRequest extends Base {
      constructor(@Inject(REQUEST) private readonly request: PartneroWebhookEvent) {
        super();
      }
      get name() {
        return `of ${this.request.name}`;
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Base {
      readonly name = 'transient';
    }
    @Controller()
    class InController {
      @OnPartneroEvent('partner.created')
      take(event: PartneroWebhookEvent) {
        called('in a controller', event);
      }
    }
    const running = await startHandling(
      {},
      [
        Inherited,
        { provide: 'made', useFactory: () => new Made() },
        { provide: 'alias', useExisting: 'made' },
        { provide: 'value', useValue: { take: () => called('never', {} as never) } },
        OfRequest,
        Transient,
      ],
      { controllers: [WebhookController, InController] },
    );
    await deliver(`${running.url}/hook`, eventBody('partner.created'));
    await handled(running, 5);
    expect(calls.toSorted()).toEqual([
      'in a controller partner.created',
      'inherited partner.created',
      'made partner.created',
      'of partner.created partner.created',
      'transient partner.created',
    ]);
  });

  it('A handler of a class that two modules provide runs once', async () => {
    @Module({ providers: [Commissions] })
    class Billing {}
    const running = await startApp({
      options: { rawBody: true },
      imports: [
        Billing,
        PartneroModule.forRoot({ outbox: sqliteOutbox({ path }), webhooks: { secret: SECRET } }),
      ],
      controllers: [WebhookController],
      providers: [Commissions],
    });
    await deliver(`${running.url}/hook`, sale());
    await handled(running, 2);
    expect(calls).toHaveLength(2);
  });

  it('The boot fails if two handlers have the same id', async () => {
    const Other = { Commissions: class Commissions {} }.Commissions;
    OnPartneroEvent('transaction.created')(Other.prototype, 'add', { value: () => {} });
    const descriptor = { value: () => {} };
    OnPartneroEvent('transaction.created')(Other.prototype, 'add', descriptor);
    Object.defineProperty(Other.prototype, 'add', { ...descriptor, configurable: true });
    await expect(startHandling({}, [Commissions, Other])).rejects.toThrow(
      'Two handlers of @OnPartneroEvent() are called Commissions.add',
    );
    class Named {
      @OnPartneroEvent('partner.created', { id: 'one' })
      first() {}

      @OnPartneroEvent('partner.updated', { id: 'one' })
      second() {}
    }
    await expect(startHandling({}, [Named])).rejects.toThrow('are called one');
  });

  it('A handler gets the events of its own program only', async () => {
    @Injectable()
    class OfBoth {
      @OnPartneroEvent('*', { name: 'friends' })
      friends(event: PartneroWebhookEvent) {
        called('friends', event);
      }

      @OnPartneroEvent('*')
      affiliates(event: PartneroWebhookEvent) {
        called('affiliates', event);
      }
    }
    @Controller()
    class FriendsController {
      constructor(@InjectPartnero('friends') private readonly partnero: PartneroService) {}

      @Post('friends')
      @PartneroWebhook({ name: 'friends' })
      receive(@PartneroEvent() event: PartneroWebhookEvent) {
        return this.partnero.webhooks.dispatch(event);
      }
    }
    const friends = { secret: 'secret-of-friends' };
    const running = await startHandling({}, [OfBoth], {
      imports: [
        PartneroModule.forRoot({ outbox: sqliteOutbox({ path }), webhooks: { secret: SECRET } }),
        PartneroModule.forRoot({
          name: 'friends',
          outbox: sqliteOutbox({ path }),
          webhooks: friends,
        }),
      ],
      controllers: [WebhookController, FriendsController],
    });
    await deliver(`${running.url}/hook`, eventBody('partner.created'));
    await deliver(`${running.url}/friends`, eventBody('partner.updated'), friends);
    await eventually(() => calls.length === 2);
    expect(calls.toSorted()).toEqual(['affiliates partner.created', 'friends partner.updated']);
    // The service of another program refuses the event.
    const event = { program: 'friends' } as PartneroWebhookEvent;
    await expect(running.app.get(PartneroService).webhooks.dispatch(event)).rejects.toThrow(
      "InjectPartnero('friends')",
    );
  });
});

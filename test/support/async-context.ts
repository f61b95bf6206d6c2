import { AsyncLocalStorage } from 'node:async_hooks';
import { BadRequestException, Controller, Injectable, Param, Post } from '@nestjs/common';
import {
  AttributeReferral,
  OnPartneroEvent,
  PartneroService,
  Referral,
  type OutboxDefinition,
  type PartneroWebhookEvent,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import {
  ADAPTERS,
  closeApps,
  partnero,
  startApp,
  type AdapterName,
  type RunningApp,
} from './app.js';
import { deliver, eventBody, SECRET } from './deliveries.js';
import { eventually } from './eventually.js';
import { visit } from './sign-up-client.js';
import { WebhookController } from './webhook.controller.js';

interface Tenant {
  readonly id: string;
}

const TENANTS = ['one', 'two', 'three', 'four'];
const tenants = new AsyncLocalStorage<Tenant>();
/** Whose context each piece of code ran in, by the name of that code. */
const seen = new Map<string, (string | undefined)[]>();

function see(what: string): void {
  seen.set(what, [...(seen.get(what) ?? []), tenants.getStore()?.id]);
}

const timesSeen = (what: string) => seen.get(what)?.length ?? 0;

@Controller()
class TenantsController {
  constructor(private readonly partnero: PartneroService) {}

  @Post('signup/:id')
  @AttributeReferral()
  signup(@Param('id') id: string) {
    see('sign-up');
    return { id };
  }

  @Post('fail/:id')
  @AttributeReferral()
  async fail(@Param('id') id: string, @Referral() referral: ReferralContext) {
    await referral.attribute({ id });
    throw new BadRequestException();
  }

  @Post('sale/:id')
  sale(@Param('id') id: string) {
    const amount = { amount: '49.00', currency: 'USD' } as const;
    return this.partnero.transactions.record({ key: 'inv-1', customer: { id }, amount });
  }
}

@Injectable()
class Handlers {
  private readonly failed = new Set<string>();

  @OnPartneroEvent('*')
  async handle(event: PartneroWebhookEvent) {
    see('event handler');
    await Promise.resolve();
    see('event handler, after await');
    const isFirst = !this.failed.has(event.id);
    this.failed.add(event.id);
    if (isFirst) throw new RangeError('once');
  }
}

function start(
  adapter: AdapterName,
  fake: FakePartnero,
  outbox: OutboxDefinition,
): Promise<RunningApp> {
  // The app has a context of its own, and is started in it.
  return tenants.run({ id: 'app' }, () =>
    startApp({
      adapter,
      options: { rawBody: true },
      imports: [
        partnero(fake, {
          outbox,
          onOutcome: ({ outcome }) => see(`onOutcome ${outcome}`),
          webhooks: { secret: SECRET, onHandlerError: () => see('onHandlerError') },
        }),
      ],
      controllers: [TenantsController, WebhookController],
      providers: [Handlers],
      prepare: (app) => {
        app.use(
          (
            request: { headers: Record<string, string> },
            _response: unknown,
            next: () => void,
          ): void => tenants.run({ id: request.headers['x-tenant'] ?? 'nobody' }, next),
        );
      },
    }),
  );
}

/** One request of each tenant, all at once. */
async function asEach(request: (tenant: string) => Promise<Response>): Promise<number[]> {
  const responses = await Promise.all(TENANTS.map(request));
  return responses.map(({ status }) => status);
}

/** For any engine: code of the app that runs behind a request must not see that request's context. */
export function describeAsyncContext(makeOutbox: () => OutboxDefinition): void {
  let fake: FakePartnero;

  beforeEach(async () => {
    seen.clear();
    fake = await FakePartnero.start({ partners: ['ann'] });
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  it.each(ADAPTERS)(
    'on %s, what runs behind a request runs in the context of the app’s start',
    async (adapter) => {
      const outbox = makeOutbox();
      const { url } = await start(adapter, fake, outbox);
      const headersOf = (tenant: string) => ({ headers: { 'x-tenant': tenant } });
      const post = (path: string, tenant: string) =>
        visit(`${url}/${path}`, { partner: 'ann', ...headersOf(tenant) });

      if (outbox.durable) {
        fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers', times: 4 });
      }
      await asEach((tenant) => post(`signup/${tenant}`, tenant));
      await eventually(() => timesSeen('onOutcome attributed') === 4);
      expect(await asEach((tenant) => post(`fail/${tenant}`, tenant))).toEqual(
        TENANTS.map(() => 400),
      );
      if (outbox.durable) {
        await eventually(() => timesSeen('onOutcome discarded') === 4);
        await asEach((tenant) => post('sale/one', tenant));
        await eventually(() => timesSeen('onOutcome duplicate') === 3);
      }
      const send = (tenant: string) =>
        deliver(`${url}/hook`, eventBody('partner.created', { tenant }), headersOf(tenant));
      await asEach(send);
      if (!outbox.durable) await asEach(send);
      await eventually(() => timesSeen('onHandlerError') >= 4);
      await eventually(() => timesSeen('event handler, after await') >= 8);

      expect(seen.get('sign-up')?.toSorted()).toEqual(TENANTS.toSorted());
      seen.delete('sign-up');
      expect(seen.size).toBeGreaterThanOrEqual(5);
      for (const [what, contexts] of seen) {
        expect([what, ...new Set(contexts)]).toEqual([what, 'app']);
      }
    },
  );
}

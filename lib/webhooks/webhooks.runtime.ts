import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';
import type { ApiCaller } from '../api/api.caller.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { errorMessage } from '../error-message.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { DEFAULT_PROGRAM } from '../program.tokens.js';
import { ThrottledLogger } from '../throttled-logger.js';
import { within } from '../within.js';
import { ApiWebhookSubscriptions } from './api-webhook.subscriptions.js';
import type { EventDispatcher } from './event.dispatcher.js';
import type { EventHandler } from './event.handler.js';
import { HandlerFailures } from './handler.failures.js';
import { Inbox, type EventOutcome, type InboxSettings } from './inbox.js';
import { InboxInspector } from './inbox.inspector.js';
import { InlineDispatcher } from './inline.dispatcher.js';
import type { WebhookDiscovery } from './webhook.discovery.js';
import { WebhookKeeper } from './webhook.keeper.js';
import { WebhookReceiver } from './webhook.receiver.js';
import type { ResolvedWebhooksOptions } from './webhooks.options.js';
import { WebhooksService } from './webhooks.service.js';

/** What a program's webhooks need. */
export interface WebhooksContext extends InboxSettings {
  /** False if the option `enabled` says so: then nothing is received, and nothing handled. */
  readonly active: boolean;
  readonly hasApiKey: boolean;
  readonly options: ResolvedWebhooksOptions;
  /** For calls of the app's own. */
  readonly calls: ApiCaller;
  /** One attempt each: `ensure` has its own way to try again. */
  readonly client: ApiCaller;
  readonly log: OutboxLog;
  /** Called once an outcome is saved. */
  readonly report: (outcome: EventOutcome) => void;
}

const DRAIN_MS = 5_000;
const STATS_MS = 500;
const CLOSE_MS = 3_000;

/** Receives and handles the webhook events of one program. Starts and stops with the app. */
export class WebhooksRuntime
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly service: WebhooksService;
  readonly receiver: WebhookReceiver;
  handlers: readonly EventHandler[] = [];
  private readonly failures: HandlerFailures;
  private readonly keeper: WebhookKeeper | null;
  private readonly inline: InlineDispatcher;
  private inbox: Inbox | null = null;
  private routes: readonly string[] = [];

  constructor(
    private readonly context: WebhooksContext,
    private readonly app: WebhookDiscovery,
  ) {
    const { program, active, options, log, inAppContext } = context;
    this.service = new WebhooksService(context.calls, this);
    this.keeper = this.makeKeeper();
    this.failures = new HandlerFailures(log, options.onHandlerError, inAppContext);
    this.inline = new InlineDispatcher(this.failures);
    const throttled = new ThrottledLogger((message) => log.warn(message));
    const settings = { program, active, ...options };
    this.receiver = new WebhookReceiver(settings, this.keeper, throttled);
  }

  get program(): string {
    return this.context.program;
  }

  get active(): boolean {
    return this.context.active;
  }

  get dispatcher(): EventDispatcher {
    return this.inbox ?? this.inline;
  }

  get inspector(): InboxInspector {
    return this.inbox?.inspector ?? new InboxInspector(this.program, null);
  }

  /** @throws PartneroConfigurationError naming the option, the route or the handler */
  async onModuleInit(): Promise<void> {
    const { program, app, context } = this;
    app.checkPrograms();
    this.routes = app.routesOf(program);
    this.handlers = app.handlersOf(program, {
      timeoutMs: context.options.handlerTimeoutMs,
      inAppContext: context.inAppContext,
    });
    if (!context.active) return;
    await this.checkRoutes();
    if (!(await this.needsInbox())) return;
    this.inbox = new Inbox(context, context.report, context.log);
    await this.inbox.open(this.handlers, this.failures);
  }

  onApplicationBootstrap(): void {
    this.startKeeper();
    this.inbox?.start();
    this.logRoutes();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.keeper?.stop();
    await this.quietly(async (inbox) => {
      await inbox.drain(DRAIN_MS);
      await within(STATS_MS, this.logPending(inbox));
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.quietly((inbox) => within(CLOSE_MS, inbox.close()));
  }

  private makeKeeper(): WebhookKeeper | null {
    const { active, options, client, log, inAppContext } = this.context;
    if (!active || !options.ensure) return null;
    const subscriptions = new ApiWebhookSubscriptions(client);
    return new WebhookKeeper(subscriptions, options.ensure, inAppContext, log);
  }

  private startKeeper(): void {
    const { keeper, context } = this;
    if (!keeper) return;
    if (context.hasApiKey) return keeper.start();
    context.log.error(
      'webhooks.ensure needs an API key. Without one, deliveries are answered with 503.',
    );
  }

  private async checkRoutes(): Promise<void> {
    const [route] = this.routes;
    if (route === undefined) return;
    const { secrets, ensure, header } = this.context.options;
    if (secrets.length === 0 && !ensure) throw noSecret(route, this.program);
    if ((await this.app.rawBody(header)) === 'lost') throw noRawBody(route);
  }

  private async needsInbox(): Promise<boolean> {
    const { outbox, options } = this.context;
    if (!outbox.durable) return false;
    if (this.handlers.length > 0) return true;
    // Events that are queued for a removed handler must not be forgotten in silence.
    return (options.given || this.routes.length > 0) && Inbox.exists(this.context);
  }

  private logRoutes(): void {
    const { routes, handlers, inbox, context } = this;
    if (!context.active || routes.length + handlers.length === 0) return;
    const ids = handlers.map(({ id }) => id).join(', ');
    context.log.log(
      `Webhooks arrive at ${routes.join(', ') || 'no route of this app'}. ` +
        `Their handlers: ${ids || 'none'}. Inbox: ${inbox?.location ?? 'none'}.`,
    );
  }

  private async logPending({ inspector, location }: Inbox): Promise<void> {
    const { pending } = await inspector.stats();
    if (pending > 0) this.context.log.log(`${pending} pending events stay in ${location}.`);
  }

  /** Another module's shutdown must not fail because of ours. */
  private async quietly(work: (inbox: Inbox) => Promise<void>): Promise<void> {
    try {
      if (this.inbox) await work(this.inbox);
    } catch (error) {
      this.context.log.error(`Shutting down the inbox: ${errorMessage(error)}`);
    }
  }
}

function noSecret(route: string, program: string): PartneroConfigurationError {
  const fromEnvironment = program === DEFAULT_PROGRAM ? 'PARTNERO_WEBHOOK_SECRET, or ' : '';
  return new PartneroConfigurationError(
    `${route} has @PartneroWebhook(), but there is no secret to verify deliveries with. Set ` +
      `${fromEnvironment}the option webhooks.secret: in Partnero, it is the webhook's signature. Or ` +
      'have the webhook made with webhooks.ensure. Where Partnero is not to be used at all, set ' +
      'enabled: false.',
  );
}

function noRawBody(route: string): PartneroConfigurationError {
  return new PartneroConfigurationError(
    `${route} has @PartneroWebhook(), but the app doesn't keep the bytes that Partnero signs. Create ` +
      'it with NestFactory.create(AppModule, { rawBody: true }). If it is already, another body ' +
      'parser reads the body first (app.use(json()), or a content type parser of Fastify): use ' +
      'app.useBodyParser() instead.',
  );
}

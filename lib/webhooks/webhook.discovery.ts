import { Injectable } from '@nestjs/common';
import {
  ContextIdFactory,
  DiscoveryService,
  HttpAdapterHost,
  MetadataScanner,
  ModuleRef,
} from '@nestjs/core';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { programOfToken } from '../program.tokens.js';
import { EventHandler, type EventHandlerSettings } from './event.handler.js';
import type { PartneroWebhookEvent } from './event.model.js';
import { ON_PARTNERO_EVENT, type OnPartneroEventMetadata } from './on-partnero-event.decorator.js';
import { PARTNERO_WEBHOOK, type PartneroWebhookMetadata } from './partnero-webhook.metadata.js';
import { probeRawBody, type RawBodyProbe } from './raw-body.probe.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Class = abstract new (...args: never[]) => unknown;
type Method = (event: PartneroWebhookEvent, signal: AbortSignal) => unknown;

/** A method with `@OnPartneroEvent()`. */
interface Decorated {
  readonly id: string;
  readonly program: string;
  readonly selectors: ReadonlySet<string>;
  readonly type: Class;
  readonly method: string;
  readonly call: Method;
}

/** What the app has decorated for webhooks, and on what it runs. Looked at once, at boot. */
@Injectable()
export class WebhookDiscovery {
  private foundHandlers: readonly Decorated[] | undefined;
  private foundRoutes: readonly (readonly [route: string, program: string])[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** `Controller.method` (or the controller) of every route with `@PartneroWebhook()` of a program. */
  routesOf(program: string): string[] {
    return this.routes()
      .filter(([, named]) => named === program)
      .map(([route]) => route);
  }

  /** @throws PartneroConfigurationError if two handlers would have one id */
  handlersOf(program: string, settings: EventHandlerSettings): EventHandler[] {
    const found = new Map<string, Decorated>();
    for (const each of this.decorated()) {
      if (each.program !== program) continue;
      const { id, type, method } = each;
      const { selectors, ...known } = found.get(id) ?? each;
      if (known.type !== type || known.method !== method) throw sameId(id);
      // Decorated twice; or the same class, provided by a second module.
      found.set(id, { ...known, selectors: new Set([...selectors, ...each.selectors]) });
    }
    return [...found.values()].map(({ id, selectors, call }) => {
      return new EventHandler(id, selectors, call, settings);
    });
  }

  /** @throws PartneroConfigurationError if a decorator names a program that this app doesn't have */
  checkPrograms(): void {
    const tokens = this.discovery.getProviders().map(({ token }) => programOfToken(token));
    const programs = new Set(tokens.filter((name) => name !== undefined));
    const named = [
      ...this.routes(),
      ...this.decorated().map(({ id, program }) => [id, program] as const),
    ];
    for (const [where, program] of named) {
      if (!programs.has(program)) throw unknownProgram(where, program, programs);
    }
  }

  /** Whether the app keeps the bytes of a delivery, which has a header of that name. */
  rawBody(header: string): Promise<RawBodyProbe> {
    return probeRawBody(this.adapterHost.httpAdapter, header);
  }

  private findRoutes(): [route: string, program: string][] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function' || !isObject(metatype.prototype)) return [];
      const ofClass = programOf(metatype);
      const decorated = this.methodsOf(metatype.prototype).flatMap(([name, method]) => {
        const program = programOf(method);
        return program === undefined
          ? []
          : [[`${metatype.name}.${name}`, program] satisfies [string, string]];
      });
      return ofClass === undefined ? decorated : [...decorated, [metatype.name, ofClass]];
    });
  }

  private decorated(): readonly Decorated[] {
    return (this.foundHandlers ??= this.findHandlers());
  }

  private routes(): readonly (readonly [route: string, program: string])[] {
    return (this.foundRoutes ??= this.findRoutes());
  }

  private findHandlers(): Decorated[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    return wrappers.flatMap((wrapper) => {
      const type = wrapper.isAlias ? undefined : classOf(wrapper);
      if (!type) return [];
      return this.methodsOf(type.prototype as object).flatMap(([method, target]) =>
        metadataOf(target).map(({ id = `${type.name}.${method}`, program, selectors }) => {
          const call: Method = (event, signal) => this.call(wrapper, method, event, signal);
          return { id, program, selectors: new Set(selectors), type, method, call };
        }),
      );
    });
  }

  private methodsOf(prototype: object): [name: string, method: Method][] {
    return this.scanner
      .getAllMethodNames(prototype)
      .map((name) => [name, (prototype as Record<string, Method>)[name]!]);
  }

  private async call(
    wrapper: Wrapper,
    name: string,
    event: PartneroWebhookEvent,
    signal: AbortSignal,
  ): Promise<void> {
    const instance = isStatic(wrapper)
      ? (wrapper.instance as Record<string, Method>)
      : await this.resolve(wrapper, event);
    await instance[name]!(event, signal);
  }

  /** One that lives for this event, and may have it injected as `REQUEST`. */
  private resolve(wrapper: Wrapper, event: PartneroWebhookEvent): Promise<Record<string, Method>> {
    const id = ContextIdFactory.create();
    this.moduleRef.registerRequestByContextId(event, id);
    const token = wrapper.token as string;
    return this.moduleRef.resolve<Record<string, Method>>(token, id, { strict: false });
  }
}

function isStatic(wrapper: Wrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

/** The class whose methods are looked at; `undefined` where there is none, such as for a plain value. */
function classOf(wrapper: Wrapper): Class | undefined {
  try {
    const { metatype, inject } = wrapper;
    const made: unknown = isStatic(wrapper) ? wrapper.instance : undefined;
    const type: unknown = isObject(made) ? made.constructor : inject ? undefined : metatype;
    const isClass = typeof type === 'function' && type !== Object && isObject(type.prototype);
    return isClass ? (type as unknown as Class) : undefined;
  } catch {
    // A provider that throws when it is looked at.
    return undefined;
  }
}

function programOf(target: object): string | undefined {
  const metadata: unknown = Reflect.getMetadata(PARTNERO_WEBHOOK, target);
  return (metadata as PartneroWebhookMetadata | undefined)?.program;
}

function metadataOf(method: object): OnPartneroEventMetadata[] {
  return (Reflect.getMetadata(ON_PARTNERO_EVENT, method) ?? []) as OnPartneroEventMetadata[];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function sameId(id: string): PartneroConfigurationError {
  return new PartneroConfigurationError(
    `Two handlers of @OnPartneroEvent() are called ${id}, so queued events can't tell them apart. ` +
      "Rename one, or give it an id: @OnPartneroEvent('…', { id: '…' }).",
  );
}

function unknownProgram(
  where: string,
  program: string,
  programs: ReadonlySet<string>,
): PartneroConfigurationError {
  const known = [...programs].map((name) => `'${name}'`).join(', ');
  return new PartneroConfigurationError(
    `${where} is for the program '${program}', which this app doesn't have. It has: ${known}. Import ` +
      `PartneroModule.forRoot({ name: '${program}', … }), or correct the name given to the decorator.`,
  );
}

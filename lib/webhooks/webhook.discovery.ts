import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ContextIdFactory, DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { programOfAttributionToken } from '../program/program.tokens.js';
import type { PartneroWebhookEvent } from './event.model.js';
import { ON_PARTNERO_EVENT, type OnPartneroEventMetadata } from './on-partnero-event.decorator.js';
import { PARTNERO_WEBHOOK, type PartneroWebhookMetadata } from './partnero-webhook.decorator.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Method = (event: PartneroWebhookEvent, signal: AbortSignal) => unknown;
type Methods = Record<string, Method>;

/** A method with `@OnPartneroEvent()`. */
export interface HandlerMethod {
  /** Stable from one deploy to the next: events are queued for the handler under this name. */
  readonly id: string;
  readonly program: string;
  readonly selectors: readonly string[];
  readonly type: abstract new (...args: never[]) => unknown;
  readonly method: string;
  readonly call: Method;
}

/** A route (or controller) with `@PartneroWebhook()`. */
type Route = Pick<HandlerMethod, 'id' | 'program'>;

/** Finds what the app has decorated for webhooks. Looks once, when the app starts. */
@Injectable()
export class WebhookDiscovery implements OnModuleInit {
  private foundHandlers: readonly HandlerMethod[] | undefined;
  private foundRoutes: readonly Route[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** @throws PartneroConfigurationError if a decorator names a program that this app doesn't have */
  onModuleInit(): void {
    const tokens = this.discovery
      .getProviders()
      .map(({ token }) => programOfAttributionToken(token));
    const programs = new Set(tokens.filter((name) => name !== undefined));
    for (const { id, program } of [...this.routes(), ...this.handlers()]) {
      if (!programs.has(program)) throw unknownProgram(id, program, programs);
    }
  }

  /** `Controller.method` (or the controller) of every route with `@PartneroWebhook()` of a program. */
  routesOf(program: string): string[] {
    return this.routes().flatMap((route) => (route.program === program ? [route.id] : []));
  }

  /** @throws PartneroConfigurationError if two handlers would have one id */
  handlersOf(program: string): HandlerMethod[] {
    const found = new Map<string, HandlerMethod>();
    for (const handler of this.handlers()) {
      if (handler.program !== program) continue;
      const { id, selectors } = handler;
      const known = found.get(id) ?? handler;
      if (known.type !== handler.type || known.method !== handler.method) throw sameId(id);
      // Decorated twice; or the same class, provided by a second module.
      found.set(id, { ...known, selectors: [...known.selectors, ...selectors] });
    }
    return [...found.values()];
  }

  private routes(): readonly Route[] {
    return (this.foundRoutes ??= this.discovery.getControllers().flatMap(({ metatype }) => {
      if (typeof metatype !== 'function' || !isObject(metatype.prototype)) return [];
      const targets: [id: string, target: object][] = [[metatype.name, metatype]];
      for (const [name, method] of this.methodsOf(metatype.prototype)) {
        targets.push([`${metatype.name}.${name}`, method]);
      }
      return targets.flatMap(([id, target]) => {
        const program = programOf(target);
        return program === undefined ? [] : [{ id, program }];
      });
    }));
  }

  private handlers(): readonly HandlerMethod[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    return (this.foundHandlers ??= wrappers.flatMap((wrapper) => {
      const type = wrapper.isAlias ? undefined : classOf(wrapper);
      if (!type) return [];
      return this.methodsOf(type.prototype as object).flatMap(([method, target]) =>
        metadataOf(target).map(({ id = `${type.name}.${method}`, program, selectors }) => {
          const call: Method = (event, signal) => this.call(wrapper, method, event, signal);
          return { id, program, selectors, type, method, call };
        }),
      );
    }));
  }

  private methodsOf(prototype: object): [name: string, method: Method][] {
    const names = this.scanner.getAllMethodNames(prototype);
    return names.map((name) => [name, (prototype as Methods)[name]!]);
  }

  private async call(
    wrapper: Wrapper,
    method: string,
    event: PartneroWebhookEvent,
    signal: AbortSignal,
  ): Promise<void> {
    const instance = isStatic(wrapper)
      ? (wrapper.instance as Methods)
      : await this.resolve(wrapper, event);
    await instance[method]!(event, signal);
  }

  /** An instance that lives for this event, which it may have injected as `REQUEST`. */
  private resolve({ token }: Wrapper, event: PartneroWebhookEvent): Promise<Methods> {
    const id = ContextIdFactory.create();
    this.moduleRef.registerRequestByContextId(event, id);
    return this.moduleRef.resolve<Methods>(token as string, id, { strict: false });
  }
}

function isStatic(wrapper: Wrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

/** The class whose methods may be decorated; `undefined` if there is none, as for a plain value. */
function classOf(wrapper: Wrapper): HandlerMethod['type'] | undefined {
  try {
    const { metatype, inject } = wrapper;
    const instance: unknown = isStatic(wrapper) ? wrapper.instance : undefined;
    const type: unknown = isObject(instance) ? instance.constructor : inject ? undefined : metatype;
    const isClass = typeof type === 'function' && type !== Object && isObject(type.prototype);
    return isClass ? (type as unknown as HandlerMethod['type']) : undefined;
  } catch {
    // Reading a provider that is a proxy may throw.
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

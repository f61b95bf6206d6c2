import { Injectable } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { printable } from '../common/printable-log.js';
import { isStoredName, STORED_NAME } from '../common/stored-name.js';
import { AppDecorators, isStatic, type Decorated } from '../program/app-decorators.js';
import type { PartneroWebhookEvent } from './event.model.js';
import { ON_PARTNERO_EVENT, type OnPartneroEventMetadata } from './on-partnero-event.decorator.js';
import { PARTNERO_WEBHOOK, type PartneroWebhookMetadata } from './partnero-webhook.decorator.js';

type Method = (event: PartneroWebhookEvent, signal: AbortSignal) => unknown;
type Wrapper = Decorated<unknown>['wrapper'];

/** A method with `@OnPartneroEvent()`. */
export interface HandlerMethod {
  /** Stable from one deploy to the next: events are queued for the handler under this name. */
  readonly id: string;
  readonly selectors: readonly string[];
  /** Rejects with what the method throws. */
  call(event: PartneroWebhookEvent, signal: AbortSignal): Promise<void>;
}

/** Finds what the app has decorated for webhooks. */
@Injectable()
export class WebhookDiscovery {
  constructor(
    private readonly app: AppDecorators,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** `Controller.method` (or the controller) of every route with `@PartneroWebhook()` of a program. */
  routesOf(program: string): string[] {
    return this.app
      .find<PartneroWebhookMetadata>(PARTNERO_WEBHOOK)
      .filter(({ metadata }) => metadata.program === program)
      .map(({ id }) => id);
  }

  /** @throws PartneroConfigurationError if two handlers would have one id */
  handlersOf(program: string): HandlerMethod[] {
    const found = new Map<string, Decorated<unknown> & { selectors: string[] }>();
    for (const decorated of this.app.find<OnPartneroEventMetadata[]>(ON_PARTNERO_EVENT)) {
      for (const { id = decorated.id, program: own, selectors } of decorated.metadata) {
        if (own !== program) continue;
        if (!isStoredName(id)) throw badId(decorated.id);
        // Decorated twice; or the same class, provided by a second module.
        const known = found.get(id) ?? { ...decorated, selectors: [] };
        const { type, method } = known;
        if (type !== decorated.type || method !== decorated.method) throw sameId(id);
        known.selectors.push(...selectors);
        found.set(id, known);
      }
    }
    return [...found].map(([id, { selectors, wrapper, method }]) => ({
      id,
      selectors,
      call: (event, signal) => this.call(wrapper, method!, event, signal),
    }));
  }

  private async call(
    wrapper: Wrapper,
    method: string,
    event: PartneroWebhookEvent,
    signal: AbortSignal,
  ): Promise<void> {
    const instance: unknown = isStatic(wrapper)
      ? wrapper.instance
      : await this.resolve(wrapper, event);
    await (instance as Record<string, Method>)[method]!(event, signal);
  }

  /** An instance that lives for this event, which it may have injected as `REQUEST`. */
  private resolve({ token }: Wrapper, event: PartneroWebhookEvent): Promise<unknown> {
    const id = ContextIdFactory.create();
    this.moduleRef.registerRequestByContextId(event, id);
    return this.moduleRef.resolve(token as string, id, { strict: false });
  }
}

function sameId(id: string): PartneroConfigurationError {
  return new PartneroConfigurationError(
    `Two handlers of @OnPartneroEvent() are called ${id}, so queued events can't tell them apart. ` +
      "Rename one, or give it an id: @OnPartneroEvent('…', { id: '…' }).",
  );
}

function badId(where: string): PartneroConfigurationError {
  return new PartneroConfigurationError(
    `The id of a handler with @OnPartneroEvent() must be ${STORED_NAME}, since events are queued under ` +
      `it: correct that of ${printable(where)}.`,
  );
}

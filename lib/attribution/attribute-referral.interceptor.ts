import {
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { describeThrown } from '../common/describe-thrown.js';
import { isThenable } from '../common/thenable.js';
import { warningOnce } from '../common/throttled-logger.js';
import { hasHeaders } from '../referral/request-fields.js';
import { metadataOf, type AttributeReferralMetadata } from './attribute-referral.metadata.js';
import type { AttributionService } from './attribution.service.js';
import { attributionOf, customersQueuedIn, setAttributionOf } from './call-registry.js';
import { NOT_NEW } from './customer-input.js';
import { replyOf, requestOf, responseOf, routeNameOf } from './execution-request.js';
import { findAttribution, warnOfAbsence } from './find-attribution.js';
import { shapeOf, type HandlerShape } from './handler-shape.js';
import { observeHandler } from './observe-handler.js';
import { RequestReading, type ReadReferral } from './read-referral.js';
import { RequestAttribution } from './request-attribution.js';
import { isResponse, onResponseEnd } from './response-end.js';

/** What is the same for all requests of a route; found out at the first. */
export interface AttributedRoute {
  readonly metadata: AttributeReferralMetadata;
  /** `Controller.method`, for logs and outcomes. */
  readonly name: string;
  readonly shape: HandlerShape;
  readonly service: AttributionService;
}

/**
 * Reads what `@AttributeReferral()` wrote. Each of its decisions is a protected method: extend it and
 * use your own with `@UseInterceptors()` where your app needs another.
 */
@Injectable()
export class AttributeReferralInterceptor implements NestInterceptor {
  private readonly once = warningOnce(new Logger('Partnero'));
  private readonly routes = new Map<object, Map<object, AttributedRoute | undefined>>();

  constructor(protected readonly moduleRef: ModuleRef) {}

  intercept(
    context: ExecutionContext,
    next: CallHandler,
  ): Observable<unknown> | Promise<Observable<unknown>> {
    const route = this.knownRouteOf(context);
    const request = this.requestOf(context);
    if (!route || !request) return next.handle();
    // A class and a method may both be decorated: the first interceptor does it. But an outer
    // interceptor may call the handler again (`retry`): then it is another attempt.
    const { service, metadata } = route;
    const { program } = metadata;
    if (attributionOf(context, program)?.isRunning) return next.handle();

    const observe = (read: ReadReferral) => {
      const attribution = this.begin(route, read, request, context);
      setAttributionOf(context, program, attribution);
      return this.observe(next, attribution, route, request, context);
    };
    const reading = this.readReferral(service, request, route);
    return reading instanceof Promise ? reading.then(observe) : observe(reading);
  }

  /** What there is to know of a route; `undefined` if nothing is attributed there. Asked once per route. */
  protected routeOf(context: ExecutionContext): AttributedRoute | undefined {
    const metadata = metadataOf(context);
    if (!metadata) return undefined;
    const name = routeNameOf(context);
    const service = findAttribution(this.moduleRef, metadata.program);
    if (service) return { metadata, name, shape: shapeOf(context), service };
    warnOfAbsence(this.moduleRef, this.once, metadata.program, name);
    return undefined;
  }

  /** The request, if it is of a kind that carries a referral. */
  protected requestOf(context: ExecutionContext): object | undefined {
    const request = requestOf(context);
    return hasHeaders(request) ? request : undefined;
  }

  /** Who sent this visitor. Waits for the `resolve` option, within `acceptTimeoutMs`. */
  protected readReferral(
    service: AttributionService,
    request: object,
    route: AttributedRoute,
  ): ReadReferral | Promise<ReadReferral> {
    return new RequestReading(service, request, route.name).read();
  }

  /**
   * The new customer in what the handler returned, or a promise of it: anything with an `id` or a
   * `key`. Or what says that there is none: `super.customerFrom(…)` knows how.
   */
  protected customerFrom(
    result: unknown,
    { metadata: { mapper }, shape }: AttributedRoute,
    request: object,
    context: ExecutionContext,
  ): unknown {
    // Nest doesn't look at it either.
    if (shape === 'writes_response' || isResponse(result, responseOf(context))) return null;
    if (!mapper) return result;
    const customer = mapper(result, request);
    return isThenable(customer) ? Promise.resolve(customer).then(orNotNew) : orNotNew(customer);
  }

  private knownRouteOf(context: ExecutionContext): AttributedRoute | undefined {
    const owner = context.getClass();
    const handler = context.getHandler();
    let handlers = this.routes.get(owner);
    if (!handlers) this.routes.set(owner, (handlers = new Map()));
    if (!handlers.has(handler)) handlers.set(handler, this.routeOf(context));
    return handlers.get(handler);
  }

  private begin(
    route: AttributedRoute,
    read: ReadReferral,
    request: object,
    context: ExecutionContext,
  ): RequestAttribution {
    const { service, metadata } = route;
    const http = context.getType() === 'http';
    const readAgain = new RequestReading(service, request, route.name).later();
    const attribution = new RequestAttribution(service, {
      ...read,
      route: route.name,
      hasResponse: http,
      readAgain,
      queuedInRequest: http ? undefined : customersQueuedIn(request, metadata.program),
    });
    if (http && (readAgain || attribution.isPossible)) {
      const isObserved = onResponseEnd(responseOf(context), (how) =>
        attribution.responseEnded(how),
      );
      if (!isObserved) attribution.responseEnded('good');
    }
    attribution.clearCookieOnceQueued(request, replyOf(context));
    return attribution;
  }

  private observe(
    next: CallHandler,
    attribution: RequestAttribution,
    route: AttributedRoute,
    request: object,
    context: ExecutionContext,
  ): Observable<unknown> {
    return observeHandler(next.handle(), {
      failed: () => attribution.fail(),
      completed: (result) => {
        if (!attribution.isPossible || route.shape === 'streams_events') {
          return attribution.completeWithout();
        }
        return this.complete(attribution, result, route, request, context);
      },
    });
  }

  private async complete(
    attribution: RequestAttribution,
    result: unknown,
    route: AttributedRoute,
    request: object,
    context: ExecutionContext,
  ): Promise<void> {
    let warning = warningFor(route);
    const outcome = await attribution.complete(async () => {
      try {
        return await this.customerFrom(result, route, request, context);
      } catch (error) {
        warning = `its mapper ${describeThrown(error)}`;
        return null;
      }
    });
    if (outcome === 'no_customer') attribution.warnOfNoCustomer(warning);
  }
}

/** `null`, `undefined` and `false` are what a mapper says of a result that isn't a new customer. */
function orNotNew(customer: unknown): unknown {
  return customer === null || customer === undefined || customer === false ? NOT_NEW : customer;
}

function warningFor({ metadata, shape }: AttributedRoute): string {
  if (shape === 'writes_response') {
    return (
      'it answers through @Res() or @Next(), so what it returns is not looked at. ' +
      'Call referral.attribute(), or use @Res({ passthrough: true })'
    );
  }
  return metadata.mapper
    ? `its mapper returned nothing with ${USABLE_ID}`
    : `the handler returned nothing with ${USABLE_ID}. Give @AttributeReferral() a mapper, or call referral.attribute()`;
}

const USABLE_ID = 'an id or key that is a string, a whole number or a bigint';

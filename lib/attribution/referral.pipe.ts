import { Injectable, Logger, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { warningOnce } from '../common/throttled-logger.js';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';
import { metadataOf } from './attribute-referral.metadata.js';
import { attributionOf } from './call-registry.js';
import { replyOf, requestOf, routeNameOf } from './execution-request.js';
import { findAttribution, warnOfAbsence } from './find-attribution.js';
import { RequestReading } from './read-referral.js';
import type { ReferralContext } from './referral-context.js';
import { RequestAttribution } from './request-attribution.js';

/** What `@Referral()` takes. */
export interface ReferralParameter {
  /** The program. Default: the one that the route attributes to. */
  readonly name?: string | undefined;
}

/** Makes the {@link ReferralContext} of `@Referral()`; on any route, decorated or not. */
@Injectable()
export class ReferralPipe implements PipeTransform {
  private readonly once = warningOnce(new Logger('Partnero'));

  constructor(private readonly moduleRef: ModuleRef) {}

  async transform(
    contextOf: () => ExecutionContext,
    { data }: { data?: unknown },
  ): Promise<ReferralContext> {
    const context = contextOf();
    const given = data as ReferralParameter | undefined;
    const program = given?.name ?? metadataOf(context)?.program ?? DEFAULT_PROGRAM;
    const held = attributionOf(context, program);
    if (held) {
      held.inHand = true;
      return held;
    }
    const service = findAttribution(this.moduleRef, program);
    const route = routeNameOf(context);
    if (!service) {
      warnOfAbsence(this.moduleRef, this.once, program, route);
      return NOBODY;
    }
    const request = requestOf(context);
    const read = request
      ? await new RequestReading(service, request, route).read()
      : { referral: null, budgetMs: service.options.acceptTimeoutMs };
    const attribution = new RequestAttribution(service, { ...read, route, hasResponse: false });
    attribution.holdNothing();
    attribution.clearCookieOnceQueued(request, replyOf(context));
    return attribution;
  }
}

/** In an app without the program. */
const NOBODY: ReferralContext = {
  key: null,
  source: null,
  attribute: () => Promise.resolve('disabled'),
  skip() {},
  toToken: () => '',
};

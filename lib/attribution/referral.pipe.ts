import { Injectable, Logger, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { warningOnce } from '../common/throttled-logger.js';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';
import { clearCookie } from '../referral/capture/clear-cookie.js';
import type { Referral } from '../referral/referral.js';
import { metadataOf } from './attribute-referral.metadata.js';
import type { AcceptOutcome } from './attribution.outcome.js';
import type { AttributionService } from './attribution.service.js';
import { attributionOf } from './call-registry.js';
import type { CustomerInput } from './customer-input.js';
import { replyOf, requestOf, routeNameOf } from './execution-request.js';
import { findAttribution, warnOfAbsence } from './find-attribution.js';
import { readReferral, type ReadReferral } from './read-referral.js';
import type { ReferralContext } from './referral-context.js';

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
    const request = requestOf(context);
    const route = routeNameOf(context);
    if (!service) warnOfAbsence(this.moduleRef, this.once, program, route);
    const read = service && request ? await readReferral(service, request, route) : undefined;
    return new LooseReferral(service, read, route, () => {
      const { referral } = service!.options;
      if (!referral.clearCookie) return;
      clearCookie(request, replyOf(context), referral, (status) => status < 400);
    });
  }
}

/** On a route without `@AttributeReferral()`: nothing is held, what is attributed is released at once. */
class LooseReferral implements ReferralContext {
  readonly key: string | null;
  readonly source: Referral['source'] | null;

  constructor(
    private readonly service: AttributionService | undefined,
    private readonly read: ReadReferral | undefined,
    private readonly route: string,
    private readonly onQueued: () => void,
  ) {
    this.key = read?.referral?.key ?? null;
    this.source = read?.referral?.source ?? null;
  }

  async attribute(customer: CustomerInput): Promise<AcceptOutcome> {
    const { service, read, route } = this;
    if (!service) return 'disabled';
    const signUp = { referralKey: this.key, customer, route };
    if (!read?.late) return this.reportQueued(service.attribute(signUp, read?.budgetMs));
    const late = read.late.then((found) => ({ ...signUp, referralKey: found?.key ?? null }));
    return this.reportQueued(service.attribute(late, read.budgetMs, route));
  }

  skip(): void {}

  toToken(): string {
    return this.read?.referral?.toToken() ?? '';
  }

  /** For a handler that logs it. */
  toJSON(): object {
    return { key: this.key, source: this.source };
  }

  private async reportQueued(attributing: Promise<AcceptOutcome>): Promise<AcceptOutcome> {
    const outcome = await attributing;
    if (outcome === 'queued') this.onQueued();
    return outcome;
  }
}

import { Injectable, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DEFAULT_PROGRAM } from '../program.tokens.js';
import type { Referral } from '../referral/referral.js';
import type { AcceptOutcome } from './attribution.outcome.js';
import type { AttributionService } from './attribution.service.js';
import { attributionOf } from './call-registry.js';
import type { CustomerInput } from './customer-input.js';
import { requestOf } from './execution-request.js';
import { findAttribution } from './find-attribution.js';
import { readReferral } from './read-referral.js';
import type { ReferralContext } from './referral-context.js';

/** What a parameter of `@Referral()` is told. */
export interface ReferralParameter {
  readonly name?: string | undefined;
}

/** Makes the {@link ReferralContext} of `@Referral()`; on any route, decorated or not. */
@Injectable()
export class ReferralPipe implements PipeTransform {
  constructor(private readonly moduleRef: ModuleRef) {}

  async transform(
    contextOf: () => ExecutionContext,
    { data }: { data?: unknown },
  ): Promise<ReferralContext> {
    const context = contextOf();
    const program = (data as ReferralParameter | undefined)?.name ?? DEFAULT_PROGRAM;
    const held = attributionOf(context, program);
    if (held) {
      held.inHand = true;
      return held;
    }
    const service = findAttribution(this.moduleRef, program);
    const request = requestOf(context);
    if (!service) return new LooseReferral(undefined, null, undefined);
    const route = `${context.getClass().name}.${context.getHandler().name}`;
    const read = request ? await readReferral(service, request, route) : undefined;
    return new LooseReferral(service, read?.referral ?? null, route);
  }
}

/** On a route without `@AttributeReferral()`: nothing is held, what is attributed is released at once. */
class LooseReferral implements ReferralContext {
  readonly key: string | null;
  readonly source: Referral['source'] | null;

  constructor(
    private readonly service: AttributionService | undefined,
    private readonly referral: Referral | null,
    private readonly route: string | undefined,
  ) {
    this.key = referral?.key ?? null;
    this.source = referral?.source ?? null;
  }

  attribute(customer: CustomerInput): Promise<AcceptOutcome> {
    if (!this.service) return Promise.resolve('disabled');
    return this.service.attribute({ referralKey: this.key, customer, route: this.route });
  }

  skip(): void {}

  toToken(): string {
    return this.referral?.toToken() ?? '';
  }
}

import { Injectable, type ExecutionContext, type PipeTransform } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DEFAULT_PROGRAM } from '../program.tokens.js';
import { clearCookie } from '../referral/capture/clear-cookie.js';
import type { Referral } from '../referral/referral.js';
import type { AcceptOutcome } from './attribution.outcome.js';
import type { AttributionService } from './attribution.service.js';
import { attributionOf } from './call-registry.js';
import type { CustomerInput } from './customer-input.js';
import { replyOf, requestOf } from './execution-request.js';
import { findAttribution } from './find-attribution.js';
import { readReferral, type ReadReferral } from './read-referral.js';
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
    const route = `${context.getClass().name}.${context.getHandler().name}`;
    const read = service && request ? await readReferral(service, request, route) : undefined;
    return new LooseReferral(service, read, route, () => {
      const { referral } = service!.settings;
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
    private readonly onAccepted: () => void,
  ) {
    this.key = read?.referral?.key ?? null;
    this.source = read?.referral?.source ?? null;
  }

  async attribute(customer: CustomerInput): Promise<AcceptOutcome> {
    if (!this.service) return 'disabled';
    // Its time was over before the handler began; here nothing waits for it but this call.
    const late = this.read?.late ? await this.read.late : null;
    const referralKey = this.key ?? late?.key ?? null;
    const outcome = await this.service.attribute({ referralKey, customer, route: this.route });
    if (outcome === 'accepted') this.onAccepted();
    return outcome;
  }

  skip(): void {}

  toToken(): string {
    return this.read?.referral?.toToken() ?? '';
  }

  /** For a handler that logs it. */
  toJSON(): object {
    return { key: this.key, source: this.source };
  }
}

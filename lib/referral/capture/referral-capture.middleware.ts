import { Injectable, type NestMiddleware, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DEFAULT_PROGRAM } from '../../program/program.tokens.js';
import { findCapture } from './find-capture.js';
import type { CaptureFunction } from './referral-capture.js';

/**
 * Keeps the key of a partner's link in a first-party cookie, on the pages it is applied to. Runs
 * before guards. For all pages, `app.use(captureReferrals(app))` is simpler: it needs no pattern.
 *
 * @example
 * consumer.apply(ReferralCaptureMiddleware).forRoutes(LandingController)
 */
@Injectable()
export class ReferralCaptureMiddleware implements NestMiddleware {
  private readonly capture: CaptureFunction;

  constructor(moduleRef: ModuleRef) {
    this.capture = findCapture(moduleRef, this.program, 'ReferralCaptureMiddleware');
  }

  /**
   * The same for another program: the `name` given to `PartneroModule.forRoot()`.
   *
   * @example
   * consumer.apply(ReferralCaptureMiddleware.for('referrals')).forRoutes(LandingController)
   */
  static for(name: string): Type<ReferralCaptureMiddleware> {
    return class extends ReferralCaptureMiddleware {
      protected override get program(): string {
        return name;
      }
    };
  }

  use(request: unknown, response: unknown, next: () => void): void {
    this.capture(request, response, next);
  }

  protected get program(): string {
    return DEFAULT_PROGRAM;
  }
}

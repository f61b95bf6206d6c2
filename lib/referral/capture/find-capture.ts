import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { findProvider, hasPartneroModule } from '../../common/find-provider.js';
import { PartneroConfigurationError } from '../../common/partnero.configuration-error.js';
import { getPartneroTokens } from '../../program/program.tokens.js';
import type { CaptureFunction, ReferralCapture } from './referral-capture.js';

/**
 * What captures for a program of this app; or what lets everything pass, in an app without
 * PartneroModule.
 * @throws PartneroConfigurationError if the app has other programs, but not this one
 */
export function findCapture(moduleRef: ModuleRef, program: string, who: string): CaptureFunction {
  const capture = findProvider(moduleRef, getPartneroTokens(program).capture) as
    ReferralCapture | undefined;
  if (capture) return capture.toMiddleware();
  if (hasPartneroModule(moduleRef)) {
    throw new PartneroConfigurationError(
      `${who} captures for the program '${program}', which this app doesn't have. Import ` +
        `PartneroModule.forRoot({ name: '${program}', … }), or correct the name.`,
    );
  }
  if (process.env['NODE_ENV'] !== 'test') {
    new Logger('Partnero').warn(
      `${who} captures referral links, but this app doesn't import PartneroModule.forRoot(). ` +
        'Nothing is captured.',
    );
  }
  return (_, __, next) => next();
}

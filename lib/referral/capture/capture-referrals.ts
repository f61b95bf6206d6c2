import type { INestApplicationContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DEFAULT_PROGRAM } from '../../program/program.tokens.js';
import { findCapture } from './find-capture.js';
import type { CaptureFunction } from './referral-capture.js';

/**
 * A function for `app.use()`: keeps the key of a partner's link in a first-party cookie, on every
 * page of the app. Use it first, before what answers by itself: static files, an auth library.
 *
 * @example
 * const app = await NestFactory.create(AppModule)
 * app.use(captureReferrals(app))
 *
 * @throws PartneroConfigurationError if the app has no program of this name
 */
export function captureReferrals(
  app: INestApplicationContext,
  options: {
    /** The program, if the app has several: the `name` given to `PartneroModule.forRoot()`. */
    readonly name?: string | undefined;
  } = {},
): CaptureFunction {
  // Not `app.get(token)`: where the token is missing, Nest's own app ends the process.
  return findCapture(app.get(ModuleRef), options.name ?? DEFAULT_PROGRAM, 'captureReferrals()');
}

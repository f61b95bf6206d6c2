import type { ModuleRef } from '@nestjs/core';
import { findProvider, hasPartneroModule } from '../common/find-provider.js';
import type { ThrottledLogger } from '../common/throttled-logger.js';
import { getPartneroTokens } from '../program/program.tokens.js';
import type { AttributionService } from './attribution.service.js';

/** Finds a program's service from any module of the app. */
export function findAttribution(
  moduleRef: ModuleRef,
  program: string,
): AttributionService | undefined {
  return findProvider(moduleRef, getPartneroTokens(program).attribution) as
    AttributionService | undefined;
}

/**
 * Says once per route why nothing is attributed there: a mistyped name, or no PartneroModule at all;
 * the latter not in tests, where it is the usual case.
 */
export function warnOfAbsence(
  moduleRef: ModuleRef,
  once: ThrottledLogger,
  program: string,
  route: string,
): void {
  const present = hasPartneroModule(moduleRef);
  if (!present && process.env['NODE_ENV'] === 'test') return;
  once.warn(`${route} ${program}`, () =>
    present
      ? `${route} attributes to the program '${program}', which this app doesn't have. Nothing is attributed there.`
      : `${route} attributes referrals, but this app doesn't import PartneroModule.forRoot(). Nothing is attributed there.`,
  );
}

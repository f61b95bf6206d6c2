import type { ModuleRef } from '@nestjs/core';
import { attributionToken, PARTNERO_MODULE_PRESENT } from '../program.tokens.js';
import type { AttributionService } from './attribution.service.js';
import type { Once } from './once.js';

/** Finds a program's service from any module of the app: PartneroModule need not be imported there. */
export function findAttribution(
  moduleRef: ModuleRef,
  program: string,
): AttributionService | undefined {
  return find(moduleRef, attributionToken(program)) as AttributionService | undefined;
}

/**
 * Says once per route why nothing is attributed there: a mistyped name, or no PartneroModule at all;
 * the latter not in tests, where it is the usual case.
 */
export function warnOfAbsence(
  moduleRef: ModuleRef,
  once: Once,
  program: string,
  route: string,
): void {
  const present = find(moduleRef, PARTNERO_MODULE_PRESENT) !== undefined;
  if (!present && process.env['NODE_ENV'] === 'test') return;
  once.warn(`${route} ${program}`, () =>
    present
      ? `${route} attributes to the program '${program}', which this app doesn't have. Nothing is attributed there.`
      : `${route} attributes referrals, but this app doesn't import PartneroModule.forRoot(). Nothing is attributed there.`,
  );
}

function find(moduleRef: ModuleRef, token: string): unknown {
  try {
    return moduleRef.get<unknown>(token, { strict: false });
  } catch {
    return undefined;
  }
}

import type { ModuleRef } from '@nestjs/core';
import { findProvider } from '../find-provider.js';
import { attributionToken } from '../program.tokens.js';
import type { AttributionService } from './attribution.service.js';

/** Finds a program's service from any module of the app. */
export function findAttribution(
  moduleRef: ModuleRef,
  program: string,
): AttributionService | undefined {
  return findProvider(moduleRef, attributionToken(program)) as AttributionService | undefined;
}

import type { ModuleRef } from '@nestjs/core';
import { attributionToken, PARTNERO_MODULE_PRESENT } from '../program.tokens.js';
import type { AttributionService } from './attribution.service.js';

/** Finds a program's service from any module of the app: PartneroModule need not be imported there. */
export function findAttribution(
  moduleRef: ModuleRef,
  program: string,
): AttributionService | undefined {
  return find(moduleRef, attributionToken(program)) as AttributionService | undefined;
}

/** Whether the app imports PartneroModule at all, under whatever name. */
export function hasPartneroModule(moduleRef: ModuleRef): boolean {
  return find(moduleRef, PARTNERO_MODULE_PRESENT) !== undefined;
}

function find(moduleRef: ModuleRef, token: string): unknown {
  try {
    return moduleRef.get<unknown>(token, { strict: false });
  } catch {
    return undefined;
  }
}

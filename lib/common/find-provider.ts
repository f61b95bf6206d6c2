import type { ModuleRef } from '@nestjs/core';
import { PARTNERO_MODULE_PRESENT } from '../program/program.tokens.js';

/** A provider of any module of the app: PartneroModule need not be imported where it is needed. */
export function findProvider(moduleRef: ModuleRef, token: string): unknown {
  try {
    return moduleRef.get<unknown>(token, { strict: false });
  } catch {
    return undefined;
  }
}

/** Whether the app imports PartneroModule at all, under whatever name. */
export function hasPartneroModule(moduleRef: ModuleRef): boolean {
  return findProvider(moduleRef, PARTNERO_MODULE_PRESENT) !== undefined;
}

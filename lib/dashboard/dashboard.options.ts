import type { CanActivate, DynamicModule, Type } from '@nestjs/common';
import { OptionCheck } from '../common/option-check.js';
import { DEFAULT_PROGRAM } from '../program/program.tokens.js';

/** Where the dashboard is, who may see it, and what they may do. */
export interface PartneroDashboardOptions {
  /**
   * Your guards, in order: the page shows ids of customers. `[]` if a global guard protects it already.
   */
  guards: readonly (CanActivate | Type<CanActivate>)[];
  /** Modules that export what the guards inject. Default: none. */
  imports?: NonNullable<DynamicModule['imports']> | undefined;
  /** Below the app's global prefix. Default `'partnero'`. */
  path?: string | undefined;
  /** Whether dead letters can be requeued from the page. Default `false`: it changes nothing. */
  actions?: boolean | undefined;
  /** The `name` given to `PartneroModule.forRoot()`. Default: the program without a name. */
  program?: string | undefined;
}

export interface ResolvedDashboardOptions {
  readonly guards: readonly (CanActivate | Type<CanActivate>)[];
  readonly imports: NonNullable<DynamicModule['imports']>;
  readonly path: string;
  readonly actions: boolean;
  readonly program: string;
}

/** @throws PartneroConfigurationError naming the option */
export function resolveDashboardOptions(given: PartneroDashboardOptions): ResolvedDashboardOptions {
  const known = ['guards', 'imports', 'path', 'actions', 'program'];
  const check = new OptionCheck(given, 'PartneroDashboardModule', known);
  if (!Array.isArray(given?.guards)) {
    const expected =
      'a list of your guards, such as [AdminGuard], since the page shows ids of customers (or [] if a global guard protects it)';
    throw check.refuse('guards', given?.guards, expected);
  }
  return {
    guards: given.guards,
    imports: given.imports ?? [],
    path: check.string('path', 'partnero'),
    actions: check.boolean('actions') ?? false,
    program: check.string('program', DEFAULT_PROGRAM),
  };
}

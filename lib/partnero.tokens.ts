import { Inject, type InjectionToken } from '@nestjs/common';
import type { PartneroProgram } from './api/program/program-type.js';
import { PartneroService } from './partnero.service.js';
import { DEFAULT_PROGRAM } from './program/program.tokens.js';

/**
 * The token of a program's {@link PartneroService}: the class itself for the program without a name.
 * For tests and factories; elsewhere use `@InjectPartnero()`.
 */
export function getPartneroToken<TProgram extends PartneroProgram = 'affiliate'>(
  name: string = DEFAULT_PROGRAM,
): InjectionToken<PartneroService<TProgram>> {
  return name === DEFAULT_PROGRAM ? PartneroService : `nestjs-partnero:service:${name}`;
}

/**
 * Injects the {@link PartneroService} of a named program.
 *
 * @example
 * constructor(
 *   @InjectPartnero('referrals') private readonly referrals: PartneroService<'refer-a-friend'>,
 * ) {}
 */
export function InjectPartnero(name?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getPartneroToken(name));
}

import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { PartneroError } from './partnero.error.js';

/**
 * An input as an instance of its DTO: checked, and without anything that the DTO doesn't name, so
 * that an entity handed over as it is doesn't leak its other columns. `null` counts as absent where
 * the DTO allows absence.
 *
 * @throws PartneroError `invalid_input`, naming fields and rules, never values
 */
export function validateInput<T extends object>(dto: ClassConstructor<T>, input: unknown): T {
  const instance = plainToInstance(dto, input);
  const isObject = typeof instance === 'object' && instance !== null && !Array.isArray(instance);
  const errors = isObject ? validateSync(instance, { whitelist: true }) : [];
  const fieldErrors = isObject ? flatten(errors) : { input: ['must be an object'] };
  if (Object.keys(fieldErrors).length === 0) return instance;
  throw new PartneroError({
    kind: 'invalid_input',
    message: `This can't be sent to Partnero: ${Object.entries(fieldErrors)
      .map(([field, rules]) => `${field}: ${rules.join(', ')}`)
      .join('; ')}.`,
    fieldErrors,
  });
}

function flatten(errors: readonly ValidationError[], prefix = ''): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { property, constraints, children = [] } of errors) {
    const path = prefix ? `${prefix}.${property}` : property;
    if (constraints) found[path] = Object.values(constraints);
    Object.assign(found, flatten(children, path));
  }
  return found;
}

/** Entities have `null` where Partnero wants nothing. */
export function withoutNulls<T extends object>(value: T): Partial<T> {
  const entries = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(entries) as Partial<T>;
}

/** The fields of a DTO, without its class. */
export function fieldsOf(dto: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(dto));
}

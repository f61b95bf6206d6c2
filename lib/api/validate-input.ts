import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { PartneroError } from './partnero.error.js';

/**
 * An input as an instance of its DTO: checked, and without anything that the DTO doesn't name, so
 * that an entity handed over as it is doesn't leak its other columns. `null` counts as absent where
 * the DTO allows absence.
 *
 * @throws PartneroError `invalid_input`, naming fields and rules, never values
 */
export function validateInput<T extends object>(dto: ClassConstructor<T>, input: unknown): T {
  const instance = instanceOf(dto, input);
  const errors = instance ? validateSync(instance, { whitelist: true }) : [];
  const fieldErrors = instance ? flatten(errors) : { input: ['must be an object of plain values'] };
  if (instance && errors.length === 0) return instance;
  throw new PartneroError({
    kind: 'invalid_input',
    message: `This can't be sent to Partnero: ${Object.entries(fieldErrors)
      .map(([field, rules]) => `${field}: ${rules.join(', ')}`)
      .join('; ')}.`,
    fieldErrors,
  });
}

/** `undefined` for what can't be copied: an object that contains itself, or whose getter throws. */
function instanceOf<T extends object>(dto: ClassConstructor<T>, input: unknown): T | undefined {
  try {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
    // What the DTO doesn't name needn't be copied: the relations of an entity may be many.
    const names = fieldNamesOf(dto);
    const given = Object.entries(input).filter(([name]) => names.has(name));
    return plainToInstance(dto, Object.fromEntries(given));
  } catch {
    return undefined;
  }
}

/** Looked up once: that takes as long as a validation. */
const fieldNames = new WeakMap<ClassConstructor<object>, ReadonlySet<string>>();

function fieldNamesOf(dto: ClassConstructor<object>): ReadonlySet<string> {
  const known = fieldNames.get(dto);
  if (known) return known;
  const rules = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  const names = new Set(rules.map(({ propertyName }) => propertyName));
  fieldNames.set(dto, names);
  return names;
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

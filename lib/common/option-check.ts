import { PartneroConfigurationError } from './partnero.configuration-error.js';

type Values = object | undefined;

/**
 * Reads one group of options, checks each, and fills in defaults. Unknown options are refused: a
 * mistyped name would otherwise be ignored in silence.
 */
export class OptionCheck {
  private readonly values: Record<string, unknown>;

  constructor(
    values: Values,
    /** Where the group stands in the options, such as `delivery`. Empty at the top. */
    private readonly path: string,
    known: readonly string[],
  ) {
    if (values !== undefined && (typeof values !== 'object' || values === null)) {
      throw new PartneroConfigurationError(
        `${path || 'options'} must be an object, got ${describe(values)}.`,
      );
    }
    this.values = { ...values };
    for (const name of Object.keys(this.values)) {
      if (!known.includes(name)) {
        throw new PartneroConfigurationError(
          `${this.at(name)} is not an option of nestjs-partnero. Known here: ${known.join(', ')}.`,
        );
      }
    }
  }

  string(name: string, fallback: string): string;
  string(name: string): string | undefined;
  string(name: string, fallback?: string): string | undefined {
    const value = this.values[name] ?? fallback;
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value.trim() === '') {
      throw this.refuse(name, value, 'a string that is not empty');
    }
    return value;
  }

  strings(name: string, fallback: readonly string[]): string[] {
    const value = this.values[name] ?? fallback;
    const valid =
      Array.isArray(value) && value.every((item) => typeof item === 'string' && item.trim() !== '');
    if (!valid || value.length === 0)
      throw this.refuse(name, value, 'a list of at least one string');
    return [...(value as string[])];
  }

  oneOf<T extends string | boolean>(name: string, allowed: readonly T[], fallback: T): T {
    const value = this.values[name] ?? fallback;
    if (!allowed.includes(value as T)) {
      throw this.refuse(name, value, `one of ${allowed.map((item) => `${item}`).join(', ')}`);
    }
    return value as T;
  }

  someOf<T extends string>(name: string, allowed: readonly T[], fallback: readonly T[]): T[] {
    const value = this.strings(name, fallback);
    const stranger = value.find((item) => !allowed.includes(item as T));
    if (stranger !== undefined) {
      throw this.refuse(name, stranger, `made of ${allowed.join(', ')}`);
    }
    return value as T[];
  }

  boolean(name: string): boolean | undefined {
    const value = this.values[name] ?? undefined;
    if (value !== undefined && typeof value !== 'boolean') {
      throw this.refuse(name, value, 'true or false');
    }
    return value;
  }

  number(name: string, fallback: number, range: { min: number; max: number }): number {
    const value = this.values[name] ?? fallback;
    if (typeof value !== 'number' || !(value >= range.min && value <= range.max)) {
      throw this.refuse(name, value, `a number from ${range.min} to ${range.max}`);
    }
    return value;
  }

  integer(name: string, fallback: number, range: { min: number; max: number }): number {
    const value = this.number(name, fallback, range);
    if (!Number.isInteger(value)) throw this.refuse(name, value, 'a whole number');
    return value;
  }

  /** `value` is the option, once more, for its type. */
  function<T>(name: string, value: T | null | undefined): T | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'function') throw this.refuse(name, value, 'a function');
    return value;
  }

  url(name: string, fallback: string): string {
    const value = this.string(name, fallback);
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash) {
      throw this.refuse(name, value, 'an http(s) address without query or fragment');
    }
    if (url.username || url.password) {
      throw new PartneroConfigurationError(`${this.at(name)} must not hold a user or a password.`);
    }
    return value.replace(/\/+$/, '');
  }

  refuse(name: string, value: unknown, expected: string): PartneroConfigurationError {
    return new PartneroConfigurationError(
      `${this.at(name)} must be ${expected}, got ${describe(value)}.`,
    );
  }

  private at(name: string): string {
    return this.path ? `${this.path}.${name}` : name;
  }
}

/** Short, and never the string itself, which could be a secret. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return value.length === 0 ? 'an empty string' : 'a string';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return `a ${typeof value}`;
}

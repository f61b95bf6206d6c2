import { inspect } from 'node:util';

/** An API key that doesn't show itself: not when printed, inspected or written as JSON. */
export class ApiKey {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The key itself, for the one header that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[API key]';
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

import { inspect } from 'node:util';

/** A string that doesn't show itself: not when printed, inspected or written as JSON. */
export class Secret {
  readonly #value: string;

  /** @param name what is shown instead */
  constructor(
    value: string,
    private readonly name: string,
  ) {
    this.#value = value;
  }

  /** The string itself, for the one place that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return `[${this.name}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

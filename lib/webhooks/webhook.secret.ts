import { createHmac, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';

/** The secret of a webhook: tells what is signed with it, and doesn't show itself. */
export class WebhookSecret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Takes as long for a wrong signature as for the right one. */
  matches(bytes: Uint8Array, signature: Uint8Array): boolean {
    const expected = createHmac('sha256', this.#value).update(bytes).digest();
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }

  toString(): string {
    return '[webhook secret]';
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

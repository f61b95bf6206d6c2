import type { OutboxLog } from '../outbox/outbox-engine.js';

// Control characters, line separators, and what reorders or hides text.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A string from outside, fit for one line of a log or a terminal. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\uFFFD');
}

/** A log whose lines stay one line each, whatever strings from outside they quote. */
export class PrintableLog implements OutboxLog {
  constructor(private readonly inner: OutboxLog) {}

  log(message: string): void {
    this.inner.log(printable(message));
  }

  warn(message: string): void {
    this.inner.warn(printable(message));
  }

  error(message: string): void {
    this.inner.error(printable(message));
  }
}

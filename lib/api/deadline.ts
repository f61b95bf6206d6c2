import { stopwatch } from '../common/stopwatch.js';
import type { CallOptions } from './call-options.js';

export type CutOff = 'timeout' | 'aborted' | 'unsent';

/** Cuts one attempt off: after its time, or when the caller says so. */
export class Deadline {
  private readonly elapsedMs = stopwatch();
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = () => this.end('aborted');
  private readonly controller = new AbortController();
  private cutOff: CutOff | null = null;

  constructor(
    timeoutMs: number,
    private readonly limits: Pick<CallOptions, 'sendWithinMs' | 'signal'>,
  ) {
    this.timer = setTimeout(() => this.end('timeout'), timeoutMs);
    const { signal } = limits;
    if (signal?.aborted) this.onAbort();
    else signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Aborted once it is cut off. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Why it was cut off, if it was. */
  get reason(): CutOff | null {
    return this.cutOff;
  }

  /** Whether {@link maySend} must be asked. */
  get limitsSending(): boolean {
    return this.limits.sendWithinMs !== undefined;
  }

  /** False, and the attempt is cut off, if it is too late to send its request. */
  maySend(): boolean {
    if (this.elapsedMs() > (this.limits.sendWithinMs ?? Infinity)) this.end('unsent');
    return this.cutOff === null;
  }

  clear(): void {
    clearTimeout(this.timer);
    this.limits.signal?.removeEventListener('abort', this.onAbort);
  }

  private end(reason: CutOff): void {
    if (this.cutOff !== null) return;
    this.cutOff = reason;
    this.controller.abort();
  }
}

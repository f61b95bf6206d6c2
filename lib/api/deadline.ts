import { stopwatch } from '../common/stopwatch.js';

export type CutOff = 'timeout' | 'aborted' | 'unsent';

/** When an attempt ends early. */
export interface Limits {
  /** Of the whole attempt, the response's body included. */
  readonly timeoutMs: number;
  /** Until the request is written to the connection. */
  readonly sendWithinMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Cuts one attempt off: after its time, or when the caller says so. */
export class Deadline {
  private readonly elapsedMs = stopwatch();
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = () => this.end('aborted');
  private readonly controller = new AbortController();
  private cutOff: CutOff | null = null;

  constructor(private readonly limits: Limits) {
    this.timer = setTimeout(() => this.end('timeout'), limits.timeoutMs);
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

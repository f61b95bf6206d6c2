/** Cuts one attempt off: after its time, body included, or when the caller says so. */
export class Deadline {
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = () => this.end('aborted');
  private onCut: (() => void) | undefined;
  private cutOff: 'timeout' | 'aborted' | null = null;

  constructor(
    timeoutMs: number,
    private readonly caller?: AbortSignal,
  ) {
    this.timer = setTimeout(() => this.end('timeout'), timeoutMs);
    if (caller?.aborted) this.onAbort();
    else caller?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Why it was cut off, if it was. */
  get reason(): 'timeout' | 'aborted' | null {
    return this.cutOff;
  }

  /** `cut` is called once, when it is over; at once, if it is. */
  whenOver(cut: () => void): void {
    this.onCut = cut;
    if (this.cutOff !== null) cut();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener('abort', this.onAbort);
  }

  private end(reason: 'timeout' | 'aborted'): void {
    if (this.cutOff !== null) return;
    this.cutOff = reason;
    this.onCut?.();
  }
}

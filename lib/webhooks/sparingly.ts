const MAX_KEYS = 1_000;

/** Says a thing now and then, for each key: what comes from outside must not fill the log. */
export class Sparingly {
  private readonly lastSaid = new Map<string, number>();

  /** @param everyMs default: a minute */
  constructor(
    private readonly say: (message: string) => void,
    private readonly everyMs = 60_000,
  ) {}

  warn(key: string, message: () => string): void {
    const now = Date.now();
    const last = this.lastSaid.get(key);
    if (last !== undefined && Math.abs(now - last) < this.everyMs) return;
    if (last === undefined && this.lastSaid.size >= MAX_KEYS) return;
    this.lastSaid.set(key, now);
    this.say(message());
  }
}

const EVERY_MS = 60_000;
const MAX_KEYS = 1_000;

/** Says a thing at most once a minute a key: what comes from outside must not fill the log. */
export class Sparingly {
  private readonly lastSaid = new Map<string, number>();

  constructor(private readonly say: (message: string) => void) {}

  warn(key: string, message: () => string): void {
    const now = Date.now();
    const last = this.lastSaid.get(key);
    if (last !== undefined && Math.abs(now - last) < EVERY_MS) return;
    if (last === undefined && this.lastSaid.size >= MAX_KEYS) return;
    this.lastSaid.set(key, now);
    this.say(message());
  }
}

const MAX_KEYS = 1_000;

/** Logs a message at most once in a while for each key: outside causes must not fill the log. */
export class ThrottledLogger {
  private readonly lastLogged = new Map<string, number>();

  /** @param everyMs default: a minute */
  constructor(
    private readonly log: (message: string) => void,
    private readonly everyMs = 60_000,
  ) {}

  warn(key: string, message: () => string): void {
    const now = Date.now();
    const last = this.lastLogged.get(key);
    if (last !== undefined && Math.abs(now - last) < this.everyMs) return;
    if (last === undefined && this.lastLogged.size >= MAX_KEYS) return;
    this.lastLogged.set(key, now);
    this.log(message());
  }
}

/** Warns once for each key, such as once for each route: a warning for each request would fill the log. */
export function warningOnce(log: { warn(message: string): void }): ThrottledLogger {
  return new ThrottledLogger((message) => log.warn(message), Infinity);
}

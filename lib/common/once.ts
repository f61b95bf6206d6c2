const MAX_KEYS = 10_000;

/** Says a thing once per key, such as once per route: a warning a request would drown the rest. */
export class Once {
  private readonly said = new Set<string>();

  constructor(private readonly log: { warn(message: string): void }) {}

  warn(key: string, message: () => string): void {
    if (this.said.has(key) || this.said.size >= MAX_KEYS) return;
    this.said.add(key);
    this.log.warn(message());
  }
}

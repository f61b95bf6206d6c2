/** How the fake writes an event. */
export interface FakeEventFormat {
  /**
   * `compact`: as JavaScript writes JSON. `spaced`: with blanks in odd places. `php`: with escaped
   * slashes and `\u00e9`. Default `'compact'`.
   */
  readonly json?: 'compact' | 'spaced' | 'php' | undefined;
  /** `old`: `{ event, data, timestamp }`, of an earlier revision. Default `'current'`. */
  readonly envelope?: 'current' | 'old' | undefined;
  /** When it was made. Default: now. */
  readonly createdAt?: Date | undefined;
}

/** The body of a delivery. */
export function writeEvent(
  event: string,
  data: unknown,
  from: { readonly url: string; readonly webhookKey: string },
  { json = 'compact', envelope = 'current', createdAt = new Date() }: FakeEventFormat,
): string {
  const at = createdAt.toISOString().replace('Z', '000Z');
  const { url, webhookKey } = from;
  const current = { event, url, webhook_key: webhookKey, created_at: at, data };
  return WRITERS[json](envelope === 'old' ? { event, data, timestamp: at } : current);
}

const WRITERS: Record<'compact' | 'spaced' | 'php', (value: object) => string> = {
  compact: (value) => JSON.stringify(value),
  spaced: (value) => ` \n${JSON.stringify(value, null, '\t').replaceAll('": ', '"  :\r\n ')}\n\n`,
  php: (value) =>
    JSON.stringify(value)
      .replaceAll('/', '\\/')
      .replaceAll(/[^\0-\x7f]/g, (char) => `\\u${hex4(char.charCodeAt(0))}`),
};

function hex4(code: number): string {
  return code.toString(16).padStart(4, '0');
}

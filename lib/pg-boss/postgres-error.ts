/** What node-postgres and pg-boss reject with: plain errors, of whatever realm. */
interface DatabaseError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
}

const BROKEN = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/;
/**
 * Of SQLSTATE: connections, a server that starts, stops or is full, one that has become a replica,
 * and transactions that got in each other's way.
 */
const PASSING = /^(08|57P0[1-3]|53|25006|40001|40P01|55P03)/;
const DISCONNECTED =
  /connection terminated|connection ended|connection error|timeout|database not opened|pool after calling end|not queryable/i;
/** A password, a database that isn't there, a right that is missing, another version's tables. */
const FOR_GOOD = /\((28|3D|42|configuration)/;

export function isOutage(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as DatabaseError;
  return BROKEN.test(code) || PASSING.test(code) || (code === '' && DISCONNECTED.test(message));
}

/** Whether that doesn't come right by itself. */
export function isForGood(problem: string): boolean {
  return FOR_GOOD.test(problem);
}

/** In words for a log line. Texts of the server are left out where they could hold a value. */
export function describeProblem(error: unknown): string {
  const { name, code = '', message = '' } = (error ?? {}) as DatabaseError;
  if (BROKEN.test(code)) return `PostgreSQL is away (${code})`;
  if (/^(08|28|3D|42|53|57)/.test(code)) return `PostgreSQL says (${code}) ${message}`;
  if (code !== '') return `PostgreSQL refuses (${code})`;
  if (name === 'PartneroConfigurationError') return `(configuration) ${message}`;
  if (name === 'AssertionError') return `pg-boss says (configuration) ${message}`;
  return DISCONNECTED.test(message) ? `PostgreSQL is away (${message})` : (name ?? 'unknown error');
}

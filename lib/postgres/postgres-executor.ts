import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import type { SqlExecutor, SqlParam, SqlRow } from '../outbox/sql/sql-executor.js';
import { StoreError } from '../outbox/sql/store.error.js';

/**
 * How the outbox reaches PostgreSQL: through the app's own client. Made by `fromPg()`, `fromTypeOrm()`,
 * `fromKnex()`, `fromKysely()`, `fromDrizzle()` and `fromPrisma()`.
 */
export interface PostgresExecutor {
  /**
   * Runs `work` in one transaction (READ COMMITTED) on a connection of its own: commits when `work`
   * resolves, rolls back when it rejects. A client that can do so drops the connection on abort.
   */
  transaction<T>(work: (tx: SqlExecutor) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /**
   * Runs statements in a transaction that the app began.
   * @throws StoreError if given the client itself, which would commit each statement alone
   */
  inTransaction(transaction: unknown): SqlExecutor;
  /** Closes what the executor itself opened. */
  close?(): Promise<void>;
}

/** What a client library says in its own way. */
interface ClientLibrary<Tx> {
  /** The function that the app calls, what it has to pass, and how to recognize that. */
  readonly from: string;
  readonly expects: string;
  readonly accepts: boolean;
  /** What the app passes as its transaction, and how to recognize that. */
  readonly transaction: string;
  isTransaction(given: Record<string, unknown>): boolean;
  begin<T>(work: (tx: Tx) => Promise<T>, signal?: AbortSignal): Promise<T>;
  query(tx: Tx, sql: string, params: SqlParam[]): Promise<SqlRow[]>;
}

/** @throws PartneroConfigurationError if the app passed something else */
export function executorOf<Tx>(library: ClientLibrary<Tx>): PostgresExecutor {
  const { from, expects, accepts } = library;
  if (!accepts) throw new PartneroConfigurationError(`${from}() needs ${expects}.`);
  const on = (tx: Tx): SqlExecutor => ({
    query: async (sql, params) => (await library.query(tx, sql, [...params])).map(withoutBigInts),
  });
  return {
    transaction: (work, signal) => library.begin((tx) => work(on(tx)), signal),
    inTransaction(given) {
      if (library.isTransaction(Object(given) as Record<string, unknown>)) return on(given as Tx);
      throw notATransaction(library.transaction);
    },
  };
}

/** As Prisma and some type parsers return them. JSON has none. */
function withoutBigInts(row: SqlRow): SqlRow {
  const entries = Object.entries(row);
  if (!entries.some(([, value]) => typeof value === 'bigint')) return row;
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  );
}

export function notATransaction(expected: string): StoreError {
  const message =
    `transaction must be ${expected}. Anything else would save the job alone, whatever becomes of your ` +
    'transaction';
  return new StoreError({ code: 'NOT_A_TRANSACTION', message });
}

export function hasMethod(value: unknown, name: string): boolean {
  return typeof (Object(value) as Record<string, unknown>)[name] === 'function';
}

import type { SqlRow } from '../../outbox/sql/sql-executor.js';
import { isRefusal } from '../postgres-error.js';
import { executorOf, hasMethod, type PostgresExecutor } from '../postgres-executor.js';

/** A `Pool` of `pg`. */
export interface PgPool {
  connect(): Promise<PgPoolClient>;
  on?(event: 'connect', listener: (client: PgPoolClient) => void): unknown;
}

interface PgPoolClient {
  query(text: string, values?: unknown[]): Promise<{ rows: SqlRow[] }>;
  on(event: 'error', listener: () => void): unknown;
  off(event: 'error', listener: () => void): unknown;
  release(destroy?: boolean): void;
}

/**
 * Runs the outbox on a `Pool` of `pg`. As `{ transaction }`, pass the client on which you ran BEGIN.
 *
 * @example
 * postgresOutbox({ executor: fromPg(new Pool({ connectionString, keepAlive: true })) })
 */
export function fromPg(pool: PgPool): PostgresExecutor {
  ignoreErrors(pool);
  return executorOf<PgPoolClient>({
    from: 'fromPg',
    expects: 'a Pool of pg',
    accepts: hasMethod(pool, 'connect'),
    transaction: 'the client on which you ran BEGIN',
    isTransaction: (given) => hasMethod(given, 'query') && !isPool(given),
    begin: (work, signal) => transact(pool, work, signal),
    query: async (client, sql, params) => (await client.query(sql, params)).rows,
  });
}

/** Only pools count their connections; a single client can connect too. */
export function isPool(given: unknown): given is PgPool {
  return hasMethod(given, 'connect') && 'totalCount' in Object(given);
}

async function transact<T>(
  pool: PgPool,
  work: (client: PgPoolClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const client = await pool.connect();
  if (signal?.aborted) {
    client.release();
    signal.throwIfAborted();
  }
  const release = releaseOnce(client);
  const drop = () => release(true);
  signal?.addEventListener('abort', drop);
  let isUsable = false;
  try {
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
    const result = await work(client);
    await client.query('COMMIT');
    isUsable = true;
    return result;
  } catch (error) {
    if (isRefusal(error)) {
      isUsable = await client.query('ROLLBACK').then(
        () => true,
        () => false,
      );
    }
    throw error;
  } finally {
    signal?.removeEventListener('abort', drop);
    release(!isUsable);
  }
}

const watched = new WeakSet<PgPool>();

/** A connection that ends while nobody listens would end the process. */
function ignoreErrors(pool: PgPool): void {
  // Several programs may share a pool.
  if (!hasMethod(pool, 'on') || watched.has(pool)) return;
  watched.add(pool);
  pool.on?.('connect', (client) => client.on('error', ignore));
}

function ignore(): void {}

/** The client may have been connected before `fromPg()` was called. */
function releaseOnce(client: PgPoolClient): (destroy: boolean) => void {
  client.on('error', ignore);
  let isReleased = false;
  return (destroy) => {
    if (isReleased) return;
    isReleased = true;
    if (!destroy) client.off('error', ignore);
    client.release(destroy);
  };
}

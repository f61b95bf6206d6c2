import type { SqlExecutor, SqlParam, SqlRow } from '../outbox/sql/sql-executor.js';
import { StoreError } from '../outbox/sql/store.error.js';
import { toStoreError } from './postgres-error.js';
import type { PostgresExecutor } from './postgres-executor.js';
import { SET_LIMITS, TRANSACTION_MS } from './transaction-limits.js';

type Work<T> = (tx: SqlExecutor) => Promise<T>;

const MAX_ATTEMPTS = 4;
/** Deadlock, serialization failure, a transaction that stood still for too long, a lost connection. */
const ROLLED_BACK = new Set(['40P01', '40001', '25P03', 'DISCONNECTED']);

/**
 * Runs `work` in a transaction that ends in time, and again if PostgreSQL rolled it back.
 * @throws StoreError, or what `work` threw of the outbox's own errors
 */
export async function transact<T>(
  executor: PostgresExecutor,
  work: Work<T>,
  limitMs = TRANSACTION_MS,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transactOnce(executor, work, limitMs);
    } catch (error) {
      const isRolledBack =
        error instanceof StoreError && ROLLED_BACK.has(error.reason) && !error.mayBeSaved;
      if (!isRolledBack || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function transactOnce<T>(
  executor: PostgresExecutor,
  work: Work<T>,
  limitMs: number,
): Promise<T> {
  const deadline = new AbortController();
  const { signal } = deadline;
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
  const timer = setTimeout(() => deadline.abort(new Error('timeout')), limitMs);
  let isCommitting = false;
  const guardedWork = async (tx: SqlExecutor) => {
    const guarded = new GuardedExecutor(tx, signal);
    await guarded.query(SET_LIMITS, []);
    const result = await work(guarded);
    guarded.throwIfFailed();
    isCommitting = true;
    return result;
  };
  try {
    return await Promise.race([executor.transaction(guardedWork, signal), late]);
  } catch (error) {
    throw toStoreError(error, isCommitting);
  } finally {
    clearTimeout(timer);
  }
}

/** After a failed statement, PostgreSQL replies to COMMIT without an error, and rolls back. */
class GuardedExecutor implements SqlExecutor {
  private failure: Error | undefined;

  constructor(
    private readonly tx: SqlExecutor,
    private readonly signal: AbortSignal,
  ) {}

  async query(sql: string, params: readonly SqlParam[]): Promise<SqlRow[]> {
    this.signal.throwIfAborted();
    try {
      return await this.tx.query(sql, params);
    } catch (error) {
      this.failure = error as Error;
      throw error;
    }
  }

  throwIfFailed(): void {
    this.signal.throwIfAborted();
    if (this.failure) throw this.failure;
  }
}

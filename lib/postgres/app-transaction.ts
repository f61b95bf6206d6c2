import type { SqlExecutor } from '../outbox/sql/sql-executor.js';
import { codeOf, toStoreError } from './postgres-error.js';
import { notATransaction, type PostgresExecutor } from './postgres-executor.js';

/** Savepoints of two that write at once would undo each other's. */
const lastOf = new WeakMap<object, Promise<unknown>>();

/**
 * Runs `work` in the app's transaction. If it fails, the transaction goes on as if it hadn't been tried.
 * @throws StoreError
 */
export async function joinTransaction<T>(
  executor: PostgresExecutor,
  transaction: unknown,
  work: (tx: SqlExecutor) => Promise<T>,
): Promise<T> {
  const tx = executor.inTransaction(transaction);
  const identity = transaction as object;
  const joining = (lastOf.get(identity) ?? Promise.resolve()).then(() => withSavepoint(tx, work));
  lastOf.set(
    identity,
    joining.catch(() => {}),
  );
  try {
    return await joining;
  } catch (error) {
    throw toStoreError(error);
  }
}

async function withSavepoint<T>(
  tx: SqlExecutor,
  work: (tx: SqlExecutor) => Promise<T>,
): Promise<T> {
  await begin(tx);
  try {
    const result = await work(tx);
    await tx.query('RELEASE SAVEPOINT nestjs_partnero', []);
    return result;
  } catch (error) {
    await tx.query('ROLLBACK TO SAVEPOINT nestjs_partnero', []);
    throw error;
  }
}

async function begin(tx: SqlExecutor): Promise<void> {
  try {
    await tx.query('SAVEPOINT nestjs_partnero', []);
  } catch (error) {
    // "SAVEPOINT can only be used in transaction blocks"
    if (codeOf(error) !== '25P01') throw error;
    throw notATransaction('in a transaction that has begun, and has not ended');
  }
}

import type { Db as IDatabase } from 'pg-boss';

/** What an app gives for its transaction isn't one. */
export class NotATransactionError extends Error {
  override readonly name = 'NotATransactionError';
}

/** A client of `pg`, or what TypeORM has. */
interface Queryable {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** Of SQLSTATE. */
const NO_TRANSACTION = '25P01';

/** Savepoints of two that write at once would undo each other's. */
const underWay = new WeakMap<object, Promise<void>>();

/**
 * Writes something as part of the app's transaction. What fails of it leaves the transaction as it
 * was: the sign-up comes first.
 * @throws NotATransactionError
 */
export function joinTransaction(
  transaction: object,
  write: (db: IDatabase) => Promise<void>,
): Promise<void> {
  const before = underWay.get(transaction) ?? Promise.resolve();
  const joining = before.then(() => join(toDatabase(transaction), write));
  underWay.set(
    transaction,
    joining.catch(() => {}),
  );
  return joining;
}

async function join(db: IDatabase, write: (db: IDatabase) => Promise<void>): Promise<void> {
  await begin(db);
  try {
    await write(db);
    await db.executeSql('RELEASE SAVEPOINT nestjs_partnero');
  } catch (error) {
    await db.executeSql('ROLLBACK TO SAVEPOINT nestjs_partnero');
    throw error;
  }
}

async function begin(db: IDatabase): Promise<void> {
  try {
    await db.executeSql('SAVEPOINT nestjs_partnero');
  } catch (error) {
    if ((error as { code?: string }).code !== NO_TRANSACTION) throw error;
    throw new NotATransactionError(
      'transaction is in none: give the client that began one (not its pool), or the EntityManager ' +
        "that TypeORM's transaction() hands to its callback.",
    );
  }
}

/** From what the app has its transaction with: `pg`, TypeORM, or an adapter of pg-boss. */
function toDatabase(transaction: object): IDatabase {
  if (isDatabase(transaction)) return transaction;
  if (!isQueryable(transaction)) {
    throw new NotATransactionError(
      'transaction must be a client of pg, an EntityManager of TypeORM, or made by an adapter of ' +
        'pg-boss, such as fromKnex(trx).',
    );
  }
  return {
    async executeSql(text, values) {
      return { rows: rowsOf(await transaction.query(text, values)) };
    },
  };
}

function isDatabase(given: object): given is IDatabase {
  return 'executeSql' in given && typeof given.executeSql === 'function';
}

function isQueryable(given: object): given is Queryable {
  return 'query' in given && typeof given.query === 'function';
}

/** TypeORM hands out the rows, `pg` a result that holds them. */
function rowsOf(result: unknown): unknown[] {
  if (Array.isArray(result)) return result;
  return (result as { rows?: unknown[] } | undefined)?.rows ?? [];
}

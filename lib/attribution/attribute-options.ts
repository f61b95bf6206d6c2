/** How an attribution is made by hand. */
export interface AttributeOptions {
  /**
   * A transaction of your own, in which the attribution is written: it is there if that commits, and
   * never was if it doesn't. It goes through your connection, in the order of your statements, and
   * `acceptTimeoutMs` doesn't apply to it. With `postgresOutbox()` only. Default: none.
   */
  transaction?: AppTransaction | undefined;
}

/**
 * What an app has a transaction with: a client of `pg` that has begun one, the EntityManager that
 * TypeORM's `transaction()` hands to its callback, or what an adapter of pg-boss makes of another
 * one's (`fromKnex(trx)`, `fromKysely(trx)`, `fromDrizzle(tx, sql)`, `fromPrisma(tx)`).
 */
export type AppTransaction =
  | { query(text: string, values?: unknown[]): unknown }
  | { executeSql(text: string, values?: unknown[]): unknown };

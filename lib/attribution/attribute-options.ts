/** Options of `attribute()`. */
export interface AttributeOptions {
  /**
   * A transaction of your own, in which the attribution is saved: the job exists if that commits. It
   * goes through your connection, in the order of your statements, and `acceptTimeoutMs` doesn't apply
   * to it. With `postgresOutbox()` only. Default: none.
   */
  transaction?: AppTransaction | undefined;
}

/**
 * The transaction object of the client that `postgresOutbox()` was given: a `pg` client that has begun
 * one, TypeORM's `EntityManager`, or what Knex, Kysely, Drizzle and Prisma pass to the callback of
 * their `transaction()`.
 */
export type AppTransaction = object;

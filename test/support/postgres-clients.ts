import { drizzle } from 'drizzle-orm/node-postgres';
import { knex, type Knex } from 'knex';
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import {
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromPg,
  fromPrisma,
  fromTypeOrm,
  type PostgresExecutor,
} from 'nestjs-partnero/postgres';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { prismaClient } from './prisma-client.js';

/** A client library as an app uses it, connected to a real server. */
export interface ConnectedClient {
  readonly executor: PostgresExecutor;
  /** The objects that aren't transactions, though they can run statements. */
  readonly clients: Readonly<Record<string, unknown>>;
  /** Runs `work` in a transaction of the library's own. `work` gets what an app would pass on. */
  inTransaction<T>(work: (transaction: unknown) => Promise<T>): Promise<T>;
  close(): Promise<unknown>;
}

type Connect = (connectionString: string) => Promise<ConnectedClient>;

/** With the settings that get most in the way. */
export const POSTGRES_CLIENTS: Readonly<Record<string, Connect>> = {
  async pg(connectionString) {
    const pool = new Pool({ connectionString, max: 3 });
    pool.on('error', () => {});
    return {
      executor: fromPg(pool),
      clients: { 'the pool': pool },
      async inTransaction(work) {
        const client = await pool.connect();
        client.on('error', () => {});
        await client.query('BEGIN');
        try {
          const result = await work(client);
          await client.query('COMMIT');
          return result;
        } catch (error) {
          await client.query('ROLLBACK').catch(() => {});
          throw error;
        } finally {
          client.release(true);
        }
      },
      close: () => pool.end(),
    };
  },
  async TypeORM(url) {
    const source = new DataSource({ type: 'postgres', url, poolErrorHandler: () => {} });
    await source.initialize();
    survive((source.driver as PostgresDriver).master as Pool);
    return {
      executor: fromTypeOrm(source),
      clients: { 'the DataSource': source, 'its EntityManager': source.manager },
      inTransaction: (work) => source.transaction(work),
      close: () => source.destroy(),
    };
  },
  async Knex(connection) {
    const db = knex({
      client: 'pg',
      connection,
      pool: { min: 0, max: 3 },
      postProcessResponse: upperCased,
      log: { warn() {}, error() {}, debug() {}, deprecate() {} },
    });
    return {
      executor: fromKnex(db),
      clients: { 'the instance': db },
      inTransaction: (work) => db.transaction((trx: Knex.Transaction) => work(trx)),
      close: () => db.destroy(),
    };
  },
  async Kysely(connectionString) {
    const pool = poolOf(connectionString);
    const dialect = new PostgresDialect({ pool });
    const db = new Kysely<object>({ dialect, plugins: [new CamelCasePlugin()] });
    return {
      executor: fromKysely(db),
      clients: { 'the instance': db },
      inTransaction: (work) => db.transaction().execute((trx) => work(trx)),
      close: () => db.destroy(),
    };
  },
  async Drizzle(connectionString) {
    const pool = poolOf(connectionString);
    const db = drizzle(pool, { casing: 'camelCase' });
    return {
      executor: fromDrizzle(db),
      clients: { 'the database': db },
      inTransaction: (work) => db.transaction((tx) => work(tx)),
      close: () => pool.end(),
    };
  },
  async Prisma(connectionString) {
    const pool = poolOf(connectionString);
    const prisma = prismaClient(pool);
    return {
      executor: fromPrisma(prisma),
      clients: { 'the client': prisma },
      inTransaction: (work) => prisma.$transaction(work) as ReturnType<typeof work>,
      async close() {
        await prisma.$disconnect();
        await pool.end();
      },
    };
  },
};

/** Whose connections may end while they are in use. */
function poolOf(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 3 });
  survive(pool);
  return pool;
}

/** A connection that ends while nobody listens would end the process. */
function survive(pool: Pool): void {
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
}

/** As objection's `knexSnakeCaseMappers()`, which renames the columns of all that is read. */
function upperCased(result: { rows?: object[] }): unknown {
  const rename = (row: object) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toUpperCase(), value]));
  return result?.rows ? { ...result, rows: result.rows.map(rename) } : result;
}

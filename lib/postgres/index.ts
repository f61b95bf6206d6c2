export { fromDrizzle, type DrizzleDatabase } from './clients/from-drizzle.js';
export { fromKnex, type KnexInstance } from './clients/from-knex.js';
export { fromKysely, type KyselyInstance } from './clients/from-kysely.js';
export { fromPg, type PgPool } from './clients/from-pg.js';
export { fromPrisma, type PrismaInstance } from './clients/from-prisma.js';
export { fromTypeOrm, type TypeOrmDataSource } from './clients/from-typeorm.js';
export { postgresOutbox } from './postgres-outbox.js';
export type { PostgresExecutor } from './postgres-executor.js';
export type { PostgresOutboxOptions } from './postgres.options.js';

export { postgresOutbox } from './postgres-outbox.definition.js';
export type { PostgresOutboxOptions } from './postgres.options.js';

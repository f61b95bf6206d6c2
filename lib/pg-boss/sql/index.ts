import { claims } from './claims.sql.js';
import { jobs } from './jobs.sql.js';
import { lanes } from './lanes.sql.js';
import { ledger } from './ledger.sql.js';
import { tables } from './tables.sql.js';

/** Of the tables and functions. Raised with each change of them. */
export const SCHEMA_VERSION = 3;

/** Makes everything, or brings it up to date. Several processes may do so at once. */
export function install(schema: string): string {
  return `
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtextextended('${schema}.outbox', 7));
    ${tables(schema)}
    ${lanes(schema)}
    ${jobs(schema)}
    ${claims(schema)}
    ${ledger(schema)}
    INSERT INTO ${schema}.outbox_version (version) VALUES (${SCHEMA_VERSION})
    ON CONFLICT (one) DO UPDATE SET version = excluded.version;
    COMMIT;
  `;
}

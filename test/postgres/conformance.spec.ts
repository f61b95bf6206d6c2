import { Pool } from 'pg';
import { fromPg, postgresOutbox } from 'nestjs-partnero/postgres';
import { outboxConformance } from 'nestjs-partnero/testing';
import { onPostgres, type Place } from '../support/stores.js';

let postgres: Place;
let pool: Pool;

beforeAll(async () => {
  postgres = await onPostgres();
  pool = new Pool({ connectionString: postgres.url, max: 8 });
});

afterAll(async () => {
  await pool.end();
  await postgres.leave();
});

outboxConformance({
  name: 'PostgreSQL',
  transactions: true,
  make: () => {
    const schema = postgres.newName();
    return {
      definition: () => postgresOutbox({ executor: fromPg(pool), schema }),
      async transaction(work) {
        const client = await pool.connect();
        try {
          await client.query('BEGIN');
          await work(client);
          await client.query('COMMIT');
        } catch (error) {
          await client.query('ROLLBACK');
          throw error;
        } finally {
          client.release();
        }
      },
    };
  },
});

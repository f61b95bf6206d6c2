import { PgBoss } from 'pg-boss';
import { postgresOutbox } from 'nestjs-partnero/pg-boss';
import type { OutboxDefinition } from '#lib/outbox/outbox.js';
import { outboxConformance } from '../outbox/conformance/index.js';
import { onPostgres, type Place } from '../support/stores.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let postgres: Place;
let boss: PgBoss;

beforeAll(async () => {
  postgres = await onPostgres();
  boss = new PgBoss({ connectionString: postgres.url, schema: postgres.newName() });
  await boss.start();
});

afterAll(async () => {
  await boss.stop({ graceful: false });
  await postgres.leave();
  removeTemporaryFolders();
});

outboxConformance('pg-boss', () => {
  const schema = postgres.newName();
  return (): OutboxDefinition => postgresOutbox({ boss, schema });
});

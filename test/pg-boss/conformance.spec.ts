import { PgBoss } from 'pg-boss';
import { postgresOutbox } from 'nestjs-partnero/pg-boss';
import type { OutboxDefinition } from '#lib/outbox/outbox.js';
import { outboxConformance } from '../outbox/conformance/index.js';
import { endPostgresServers, PostgresServer } from '../support/postgres-server.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

let postgres: PostgresServer;
let boss: PgBoss;
let stores = 0;

beforeAll(async () => {
  postgres = await PostgresServer.start();
  boss = await new PgBoss(postgres.url).start();
});

afterAll(async () => {
  await boss.stop({ graceful: false });
  await endPostgresServers();
  removeTemporaryFolders();
});

outboxConformance('pg-boss', () => {
  const schema = `test_${(stores += 1)}`;
  return (): OutboxDefinition => postgresOutbox({ boss, schema });
});

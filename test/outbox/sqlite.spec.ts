import { sqliteOutbox } from 'nestjs-partnero';
import { killOutboxHosts, OutboxHost } from '../support/outbox-host.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { strictOutboxConformance } from './conformance/strict-conformance.js';
import { openEngine } from './properties/open-engine.js';
import { outboxProperties } from './properties/index.js';

afterAll(removeTemporaryFolders);

for (const synchronous of ['normal', 'full'] as const) {
  strictOutboxConformance({
    name: `SQLite, synchronous ${synchronous}`,
    make: () => {
      const path = `${temporaryFolder()}/outbox.db`;
      return { definition: () => sqliteOutbox({ path, synchronous }) };
    },
  });
}

outboxProperties('SQLite', async () => {
  const path = `${temporaryFolder()}/outbox.db`;
  return { open: async () => ({ engine: await openEngine(sqliteOutbox({ path })) }) };
});

outboxProperties('SQLite, by processes that are killed', async () => {
  const settings = { path: `${temporaryFolder()}/outbox.db` };
  return {
    async open() {
      const engine = await OutboxHost.start({ engine: 'sqlite-engine', settings });
      return { engine, kill: () => engine.kill() };
    },
    dispose: killOutboxHosts,
  };
});

import { sqliteOutbox } from 'nestjs-partnero';
import { killOutboxHosts, OutboxHost } from '../support/outbox-host.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { strictOutboxConformance } from './conformance/strict-conformance.js';
import { outboxProperties } from './properties/index.js';

afterAll(removeTemporaryFolders);

strictOutboxConformance({
  name: 'SQLite, every commit synced to the disk',
  make: () => {
    const path = `${temporaryFolder()}/outbox.db`;
    return { definition: () => sqliteOutbox({ path, synchronous: 'full' }) };
  },
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

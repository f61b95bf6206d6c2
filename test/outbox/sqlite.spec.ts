import { sqliteOutbox } from 'nestjs-partnero';
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

import { sqliteOutbox } from 'nestjs-partnero';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { strictOutboxConformance } from './conformance/strict-conformance.js';
import { openEngine } from './properties/open-engine.js';
import { outboxProperties } from './properties/index.js';

afterAll(removeTemporaryFolders);

strictOutboxConformance({
  name: 'SQLite',
  make: () => {
    const path = `${temporaryFolder()}/outbox.db`;
    return { definition: () => sqliteOutbox({ path }) };
  },
});

outboxProperties('SQLite', async () => {
  const path = `${temporaryFolder()}/outbox.db`;
  return { open: async () => ({ engine: await openEngine(sqliteOutbox({ path })) }) };
});

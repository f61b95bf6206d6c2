import { sqliteOutbox } from 'nestjs-partnero';
import type { OutboxDefinition } from '#lib/outbox/outbox.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { outboxConformance } from './conformance/index.js';

afterAll(removeTemporaryFolders);

outboxConformance('SQLite', () => {
  const path = `${temporaryFolder()}/outbox.db`;
  return (): OutboxDefinition => sqliteOutbox({ path });
});

outboxConformance('SQLite, surviving power cuts', () => {
  const path = `${temporaryFolder()}/outbox.db`;
  return (): OutboxDefinition => sqliteOutbox({ path, synchronous: 'full' });
});

import { memoryOutbox } from './conformance/memory-outbox.js';
import { MemoryStore } from './conformance/memory-store.js';
import { outboxProperties } from './properties/index.js';
import { openEngine } from './properties/open-engine.js';

outboxProperties('memory', async () => {
  const definition = memoryOutbox(new MemoryStore());
  return { open: async () => ({ engine: await openEngine(definition) }) };
});

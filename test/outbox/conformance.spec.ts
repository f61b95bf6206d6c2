import { outboxConformance } from 'nestjs-partnero/testing';
import { memoryOutbox } from './conformance/memory-outbox.js';
import { MemoryStore } from './conformance/memory-store.js';

outboxConformance({
  name: 'memory',
  make: () => {
    const store = new MemoryStore();
    return { definition: () => memoryOutbox(store) };
  },
});

import { memoryOutbox } from './conformance/memory-outbox.js';
import { MemoryStore } from './conformance/memory-store.js';
import { strictOutboxConformance } from './conformance/strict-conformance.js';

strictOutboxConformance({
  name: 'memory',
  make: () => {
    const store = new MemoryStore();
    return { definition: () => memoryOutbox(store) };
  },
});

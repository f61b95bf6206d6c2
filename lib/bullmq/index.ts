export { bullmqOutbox } from './bullmq-outbox.definition.js';
export type { BullmqOutboxOptions } from './bullmq.options.js';

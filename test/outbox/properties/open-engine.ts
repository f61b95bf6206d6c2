import type { OutboxDefinition, OutboxEngine } from '#lib/outbox/outbox-engine.js';

/** An open engine for the program `default`, in this process. */
export async function openEngine(definition: OutboxDefinition): Promise<OutboxEngine> {
  const engine = definition.create({
    program: 'default',
    historyDays: 3_650,
    acceptTimeoutMs: 10_000,
    log: { log() {}, warn() {}, error() {} },
  });
  await engine.open();
  return engine;
}

import fc from 'fast-check';
import { Interpreter, type PropertyMember } from './interpreter.js';
import { operations } from './operations.js';

export type { PropertyMember } from './interpreter.js';

/** A new store for each history. */
export interface PropertyStore {
  /** Opens one more engine on the store. */
  open(): Promise<PropertyMember>;
  dispose?(): Promise<void>;
}

/**
 * Random histories of two engines on one store, drained, closed and killed, against a model.
 * `PROPERTY_RUNS` for more of them.
 */
export function outboxProperties(name: string, make: () => Promise<PropertyStore>): void {
  describe(`any history of an outbox on ${name}`, () => {
    it('loses no job, delivers none after its end, keeps the order, and its counts add up', async () => {
      const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 12);
      await fc.assert(
        fc.asyncProperty(operations, async (history) => {
          const store = await make();
          const run = await Interpreter.start(() => store.open());
          try {
            for (const operation of history) await run.run(operation);
            await run.finish();
          } finally {
            await run.end();
            await store.dispose?.();
          }
        }),
        { numRuns, endOnFailure: true },
      );
    }, 3_600_000);
  });
}

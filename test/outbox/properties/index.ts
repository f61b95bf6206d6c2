import fc from 'fast-check';
import { killOutboxHosts, OutboxHost } from '../../support/outbox-host.js';
import { Interpreter } from './interpreter.js';
import { operations } from './operations.js';

/**
 * Random histories of two processes on one store, killed and started again, their clocks set back and
 * forward, against a model. `PROPERTY_RUNS` for more of them.
 */
export function outboxProperties(engine: string, settings: () => object): void {
  describe(`any history of an outbox (${engine})`, () => {
    afterEach(killOutboxHosts);

    it('is what the model says', async () => {
      const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 12);
      await fc.assert(
        fc.asyncProperty(operations, async (history) => {
          const store = settings();
          const run = await Interpreter.start(() => OutboxHost.start({ engine, settings: store }));
          try {
            for (const operation of history) await run.run(operation);
            await run.finish();
          } finally {
            await run.end();
          }
        }),
        { numRuns, endOnFailure: true },
      );
    }, 3_600_000);
  });
}

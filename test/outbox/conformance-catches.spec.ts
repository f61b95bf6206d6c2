import { BROKEN_ENGINES, definitionOf } from './conformance/broken-engines.js';
import { CaseRunner } from './conformance/case-runner.js';

/** Enough for an engine in memory, and short where something never happens. */
const TIMEOUT_MS = 2_500;

describe('the conformance suite', () => {
  it.each(BROKEN_ENGINES.map((engine) => [engine.fault, engine] as const))(
    'catches an engine that %s',
    async (fault, engine) => {
      const make = () => ({ definition: definitionOf(engine) });
      const runner = new CaseRunner({ name: fault, make, timeoutMs: TIMEOUT_MS });
      expect(await runner.run(engine.caughtBy)).not.toBeNull();
    },
  );
});

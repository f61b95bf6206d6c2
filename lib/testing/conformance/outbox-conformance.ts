import { asyncContextCases } from './async-context.cases.js';
import { ConformanceHarness } from './conformance-harness.js';
import type { OutboxConformanceOptions } from './conformance-options.js';
import { deadLetterCases } from './dead-letter.cases.js';
import { heldCases } from './held.cases.js';
import { historyCases } from './history.cases.js';
import { orderCases } from './order.cases.js';
import { pauseCases } from './pause.cases.js';
import { programCases } from './program.cases.js';
import { retryCases } from './retry.cases.js';
import { shutdownCases } from './shutdown.cases.js';
import { statsCases } from './stats.cases.js';
import { stringCases } from './string.cases.js';
import { submitCases } from './submit.cases.js';
import { transactionCases } from './transaction.cases.js';
import { globalFramework } from './test-framework.js';

/** Adds one test to the suite. */
export type AddCase = (name: string, run: () => Promise<void>) => void;

const GROUPS = {
  'held jobs': heldCases,
  order: orderCases,
  'submitted jobs': submitCases,
  retries: retryCases,
  pauses: pauseCases,
  'dead letters': deadLetterCases,
  history: historyCases,
  stats: statsCases,
  programs: programCases,
  shutdown: shutdownCases,
  strings: stringCases,
  'async context': asyncContextCases,
};
const TRANSACTIONS = { transactions: transactionCases };
/** A test waits for several things, each for at most `timeoutMs`. */
const WAITS = 6;

/**
 * Tests an outbox engine of your own against the contract of `OutboxEngine`, through its public methods
 * only. Call it in a test file of Jest or Vitest. The suite takes about half a minute.
 *
 * @example
 * outboxConformance({
 *   name: 'my engine',
 *   make: () => {
 *     const folder = mkdtempSync('outbox-');
 *     return { definition: () => myOutbox({ folder }), dispose: () => rmSync(folder, { recursive: true }) };
 *   },
 * });
 */
export function outboxConformance(options: OutboxConformanceOptions): void {
  const { name, make, timeoutMs = 10_000, exactCounts = true } = options;
  const { describe, it, beforeEach, afterEach } = options.framework ?? globalFramework();
  const groups = options.transactions ? { ...GROUPS, ...TRANSACTIONS } : GROUPS;
  const limitMs = WAITS * timeoutMs;
  describe(`an outbox on ${name}`, () => {
    const harness = new ConformanceHarness(() => make(), timeoutMs, exactCounts);
    beforeEach(() => harness.begin(), limitMs);
    afterEach(() => harness.end(), limitMs);
    for (const [group, addCases] of Object.entries(groups)) {
      describe(group, () => addCases(harness, (title, run) => void it(title, run, limitMs)));
    }
  });
}

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
import { submitCases } from './submit.cases.js';
import { type AddCase, globalFramework } from './test-framework.js';
import { transactionCases } from './transaction.cases.js';

/** Cases by the name of their group. */
export type CaseGroups = Readonly<Record<string, (on: ConformanceHarness, it: AddCase) => void>>;

const GROUPS: CaseGroups = {
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
  'async context': asyncContextCases,
};
const TRANSACTIONS: CaseGroups = { transactions: transactionCases };
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
  const groups = options.transactions ? { ...GROUPS, ...TRANSACTIONS } : GROUPS;
  runCases(options, groups);
}

export function runCases(options: OutboxConformanceOptions, groups: CaseGroups): void {
  const { name, make, timeoutMs = 10_000, exactCounts = true } = options;
  const { describe, it, beforeEach, afterEach } = options.framework ?? globalFramework();
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

import type { OutboxDefinition } from '../../outbox/outbox-engine.js';
import type { TestFramework } from './test-framework.js';

/** What {@link outboxConformance} tests, and how. */
export interface OutboxConformanceOptions {
  /** The engine's name, for the report. */
  readonly name: string;
  /** Makes an empty store. Called before each test. */
  readonly make: () => ConformanceStore | Promise<ConformanceStore>;
  /**
   * Whether `stats()` adds up at every moment. With `false`, it need only add up while no job moves.
   * Default true.
   */
  readonly exactCounts?: boolean | undefined;
  /** Whether the engine has `enqueueIn`, and the store `transaction`. Default false. */
  readonly transactions?: boolean | undefined;
  /** How long a test waits for what must happen. Milliseconds; default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Default: the globals of Jest or Vitest. */
  readonly framework?: TestFramework | undefined;
}

/** One store that several engines of this process can share. */
export interface ConformanceStore {
  /** Every definition that this returns must use the same store. */
  definition(): OutboxDefinition;
  /**
   * Runs `work` in a transaction of the store's database: commits it if `work` resolves, rolls it back if
   * `work` rejects. Needed for `transactions: true`.
   */
  readonly transaction?: (work: (transaction: unknown) => Promise<void>) => Promise<void>;
  /** Removes the store. Called after each test, when all engines are closed. */
  dispose?(): void | Promise<void>;
}

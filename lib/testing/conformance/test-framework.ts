/** What the suite needs of a test framework. The globals of Jest and Vitest fit. */
export interface TestFramework {
  readonly describe: (name: string, define: () => void) => unknown;
  /** @param timeoutMs the framework's own limit for this test */
  readonly it: (name: string, run: () => Promise<void>, timeoutMs?: number) => unknown;
  readonly beforeEach: (run: () => Promise<void>, timeoutMs?: number) => unknown;
  readonly afterEach: (run: () => Promise<void>, timeoutMs?: number) => unknown;
}

/** Adds one test to the suite. */
export type AddCase = (name: string, run: () => Promise<void>) => void;

/** @throws Error if the test framework has no such globals */
export function globalFramework(): TestFramework {
  // Typed where the types of Jest are known, and not elsewhere.
  const { describe, it, beforeEach, afterEach } = Object(globalThis) as Partial<TestFramework>;
  if (describe && it && beforeEach && afterEach) return { describe, it, beforeEach, afterEach };
  throw new Error(
    'outboxConformance() found no global describe, it, beforeEach and afterEach. Run it inside a test ' +
      'file; with Vitest set `globals: true`, or pass { framework: { describe, it, beforeEach, afterEach } }.',
  );
}

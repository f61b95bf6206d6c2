/** What the suite needs of a test framework. The globals of Jest and Vitest fit. */
export interface TestFramework {
  describe(name: string, define: () => void): unknown;
  /** @param timeoutMs the framework's own limit for this test */
  it(name: string, run: () => Promise<void>, timeoutMs?: number): unknown;
  beforeEach(run: () => Promise<void>, timeoutMs?: number): unknown;
  afterEach(run: () => Promise<void>, timeoutMs?: number): unknown;
}

/** Adds one test to the suite. */
export type AddCase = (name: string, run: () => Promise<void>) => void;

/** @throws Error if the test framework has no such globals */
export function globalFramework(): TestFramework {
  const found: Partial<TestFramework> = globalThis as Partial<TestFramework>;
  const { describe, it, beforeEach, afterEach } = found;
  if (describe && it && beforeEach && afterEach) return { describe, it, beforeEach, afterEach };
  throw new Error(
    'outboxConformance() found no global describe, it, beforeEach and afterEach. Run it inside a test ' +
      'file; with Vitest set `globals: true`, or pass { framework: { describe, it, beforeEach, afterEach } }.',
  );
}

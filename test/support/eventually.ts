type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

/** Waits until `check` returns something true and doesn't throw; then returns it. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  timeoutMs = 15_000,
): Promise<Truthy<T>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      const value = await check();
      if (value) return value as Truthy<T>;
      if (performance.now() > end) throw new Error(`still ${String(value)} after ${timeoutMs} ms`);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until `check` returns something true and doesn't throw; then returns it. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 5_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      const value = await check();
      if (value) return value;
      if (performance.now() > end) throw new Error(`still ${String(value)} after ${timeoutMs} ms`);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

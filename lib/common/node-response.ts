import type { ServerResponse } from 'node:http';

/** Node's own response: Express's is one, Fastify's reply has one. A fake one of a test may be neither. */
export function nodeResponse(response: unknown): ServerResponse | undefined {
  const outer = response as { raw?: unknown } | null | undefined;
  const raw = (outer?.raw ?? outer) as ServerResponse | null | undefined;
  return typeof raw?.once === 'function' ? raw : undefined;
}

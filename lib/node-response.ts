import type { ServerResponse } from 'node:http';

/** Node's own response: Express's is one, Fastify's reply has one. */
export function nodeResponse(response: unknown): ServerResponse | undefined {
  const outer = response as { raw?: unknown } | null | undefined;
  const raw = (outer?.raw ?? outer) as ServerResponse | null | undefined;
  return typeof raw?.once === 'function' ? raw : undefined;
}

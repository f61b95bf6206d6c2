import type { INestApplication } from '@nestjs/common';
import { PartneroService, type ProgramStats } from 'nestjs-partnero';
import { eventually } from './eventually.js';

export interface Visit {
  method?: string;
  /** The partner's key, as the cookie has it. */
  partner?: string | undefined;
  cookie?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A browser's request, without following redirects. */
export function visit(url: string, given: Visit = {}): Promise<Response> {
  const { method = 'POST', partner, headers = {}, body } = given;
  const cookie =
    given.cookie ?? (partner === undefined ? undefined : `partnero_partner=${partner}`);
  return fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cookie === undefined ? {} : { cookie }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** The numbers once nothing is pending any more. */
export function settled(app: INestApplication, queued: number): Promise<ProgramStats> {
  return eventually(async () => {
    const stats = await app.get(PartneroService).outbox.stats();
    if (stats.queued === queued && stats.pending === 0) return stats;
    throw new Error(`not settled: ${JSON.stringify(stats)}`);
    // A breaker that opened while Partnero was away may wait for some time.
  }, 45_000);
}

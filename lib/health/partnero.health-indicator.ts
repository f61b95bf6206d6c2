import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { within } from '../common/within.js';
import type { PauseReason } from '../outbox/delivery.js';
import { getPartneroToken } from '../partnero.tokens.js';
import type { ProgramStats } from '../program/outbox.inspector.js';

/** What makes a program healthy. */
export interface PartneroHealthOptions {
  /** The program, if the app has several: the `name` given to `PartneroModule.forRoot()`. */
  readonly name?: string | undefined;
  /**
   * Down if a job has been pending for longer. An outage of Partnero then makes this app unhealthy, so
   * mind what a failing check triggers. Milliseconds; default: no limit.
   */
  readonly maxPendingAgeMs?: number | undefined;
  /** How long the outbox may take to respond. Milliseconds; default 1,000. */
  readonly timeoutMs?: number | undefined;
}

/** The result for a program. Numbers and single words only. */
export interface PartneroHealth {
  readonly status: 'up' | 'down';
  /** Why it is down. */
  readonly reason?: string;
  readonly pending?: number;
  readonly dead?: number;
  readonly oldestPendingAt?: Date | null;
  /** Why nothing is sent just now, if so. */
  readonly paused?: PauseReason | null;
}

/** Pauses that don't end by themselves. */
const NEEDS_ACTION: ReadonlySet<PauseReason> = new Set(['unauthorized', 'wrong_program', 'no_key']);

/**
 * For `@nestjs/terminus` 11 and newer: down when the outbox can't be written, or when Partnero rejects
 * the API key. An outage of Partnero doesn't make it unhealthy, since nothing is lost by it.
 *
 * @example
 * \@Get('health')
 * \@HealthCheck()
 * check() {
 *   return this.health.check([() => this.partnero.isHealthy('partnero')])
 * }
 */
@Injectable()
export class PartneroHealthIndicator {
  constructor(private readonly moduleRef: ModuleRef) {}

  /** Never rejects, unless there is no such program. */
  async isHealthy<Key extends string = 'partnero'>(
    key: Key = 'partnero' as Key,
    options: PartneroHealthOptions = {},
  ): Promise<Record<Key, PartneroHealth>> {
    const { name, timeoutMs = 1_000 } = options;
    const { outbox } = this.moduleRef.get(getPartneroToken(name), { strict: false });
    const stats = await within(timeoutMs, outbox.stats()).catch(() => undefined);
    const health: PartneroHealth = stats
      ? healthOf(stats, options)
      : { status: 'down', reason: 'The outbox does not answer.' };
    return { [key]: health } as Record<Key, PartneroHealth>;
  }
}

function healthOf(stats: ProgramStats, options: PartneroHealthOptions): PartneroHealth {
  const { pending, dead, oldestPendingAt, paused } = stats;
  const reason = problemOf(stats, options);
  const facts = { pending, dead, oldestPendingAt, paused: paused?.reason ?? null };
  return reason === undefined ? { status: 'up', ...facts } : { status: 'down', reason, ...facts };
}

function problemOf(
  { storage, paused, oldestPendingAt }: ProgramStats,
  { maxPendingAgeMs = Infinity }: PartneroHealthOptions,
): string | undefined {
  if (!storage.ok) return `The outbox can't be written: ${storage.problem}`;
  if (paused && NEEDS_ACTION.has(paused.reason)) return `Nothing is sent: ${paused.reason}.`;
  const age = oldestPendingAt ? Date.now() - oldestPendingAt.getTime() : 0;
  return age > maxPendingAgeMs ? 'Something has been pending for too long.' : undefined;
}

import type { JobJson, RedisQueueBackend } from 'bullmq';
import type { Grip } from '../outbox/fleet/fleet-store.js';
import type { Linked } from './redis-link.js';

/** A job of BullMQ's: it says nothing, but which of ours is to be looked at. */
export interface Token {
  readonly id: string;
  /** What came before under the same id no longer counts. */
  readonly gen: string;
}

type Transaction = ReturnType<Linked['client']['multi']>;

export function tokenName({ id, gen }: Token): string {
  return `${id}.${gen}`;
}

function tokenOf(name: string): Token {
  const dot = name.lastIndexOf('.');
  return { id: name.slice(0, dot), gen: name.slice(dot + 1) };
}

/** Adds one to a transaction; it comes up after `delayMs`. Nothing happens if it is there already. */
export function placeToken(
  backend: RedisQueueBackend,
  transaction: Transaction,
  token: Token,
  kind: string,
  delayMs: number,
): void {
  const jobId = tokenName(token);
  const delay = Math.max(0, Math.round(delayMs));
  const job: JobJson = {
    id: jobId,
    name: kind,
    // Operators see it: what a customer said is none of their business.
    data: '{}',
    opts: { jobId, delay, removeOnComplete: true, removeOnFail: true },
    timestamp: Date.now(),
    delay,
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    failedReason: '',
    returnvalue: '',
  };
  void backend.addJobToTransaction(transaction, job, jobId);
}

/** Takes up to so many that are due; nobody else gets them while the lock lasts. */
export async function takeTokens(
  backend: RedisQueueBackend,
  lock: string,
  max: number,
): Promise<{ tokens: Token[]; nextDue: number | null }> {
  const found = await Promise.all(Array.from({ length: max }, () => backend.moveToActive(lock)));
  const names = found.flatMap(([job, name]) => (job && typeof name === 'string' ? name : []));
  const dueTimes = found.flatMap(([job, , , due]) => (!job && Number(due) > 0 ? Number(due) : []));
  const nextDue = dueTimes.length > 0 ? Math.min(...dueTimes) : null;
  return { tokens: names.map(tokenOf), nextDue };
}

/** It has served. If that fails, it comes up again, and is found to be of no use. */
export async function useUp(backend: RedisQueueBackend, name: string, lock: string): Promise<void> {
  const job = { id: name, opts: {}, attemptsMade: 0 } as unknown as Parameters<
    RedisQueueBackend['moveToCompleted']
  >[0];
  await backend.moveToCompleted(job, null, true, lock, false).catch(() => {});
}

/** What BullMQ has for a job that it need not look after any more. Nobody waits for that. */
export function dropToken(backend: RedisQueueBackend, grip: Grip): Promise<void> {
  return grip.token === undefined
    ? backend.remove(tokenName({ id: grip.id, gen: '0' }), false).then(nothing, nothing)
    : useUp(backend, grip.token, grip.fence);
}

function nothing(): void {}

import { ThrottledLogger } from '../common/throttled-logger.js';
import type { Delivery, DeliveryControl } from '../outbox/delivery.js';
import type { DeliveryResult } from '../outbox/delivery-result.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import type { Job, NewJob, SubmittedJob } from '../outbox/job.js';
import { sumCounters, type Counter } from '../outbox/job-counts.js';
import type { OutboxEngine, OutboxLog, Submitted } from '../outbox/outbox-engine.js';
import { OutboxError } from '../outbox/outbox.error.js';
import { uuid7 } from '../outbox/uuid7.js';
import { newest } from './bullmq-job.js';
import type { BullmqEngine } from './bullmq.engine.js';

/** How a job ends in the fallback once BullMQ has it. */
const FORWARDED = 'forwarded';
/** Begins a payload that is a whole submitted job: BullMQ decides on its key. */
const SUBMITTED = 'submitted:';
const RETRY_MS = 1_000;
const CONCURRENCY = 16;
const FIND_LIMIT = 1_000;
const LOOK_MS = 1_000;

type IdentifiedJob = NewJob & Pick<Job, 'id'>;

/**
 * Saves in the fallback what BullMQ can't take in time, and forwards it later, under the same ids: what
 * arrives twice is one job.
 */
export class ForwardingEngine implements OutboxEngine {
  /** What this process holds in the fallback; with the job if Redis may have it, too. */
  private readonly held = new Map<string, IdentifiedJob | null>();
  /** Jobs of this process in the fallback; those that another process forwarded stay for a moment. */
  private readonly own = new Set<string>();
  /** How many jobs were in the fallback a moment ago. Other processes may share it. */
  private waiting = 0;
  private forwarded = 0;
  private looking: NodeJS.Timeout | undefined;
  private forwarding: DeliveryControl | undefined;
  private readonly warnings: ThrottledLogger;

  constructor(
    private readonly bullmq: BullmqEngine,
    private readonly fallback: OutboxEngine,
    private readonly log: OutboxLog,
  ) {
    this.warnings = new ThrottledLogger((message) => log.warn(message));
  }

  get location(): string {
    return `${this.bullmq.location}, or ${this.fallback.location} while Redis is unreachable`;
  }

  async open(): Promise<void> {
    await this.fallback.open();
    try {
      await this.bullmq.open();
    } catch (error) {
      await this.close();
      throw error;
    }
    await this.look();
    this.looking = setInterval(() => void this.look(), LOOK_MS).unref();
    this.forwarding = this.fallback.start({
      concurrency: CONCURRENCY,
      maxAgeMs: Number.MAX_SAFE_INTEGER,
      initialBackoffMs: RETRY_MS,
      maxBackoffMs: RETRY_MS,
      requestsPerMinute: undefined,
      deliver: (job) => this.forward(job),
      checkKey: () => Promise.resolve('accepted'),
      onEnd: ({ id }) => void this.own.delete(id),
    });
  }

  programId(): Promise<string | null> {
    return this.bullmq.programId();
  }

  saveProgramId(id: string): Promise<void> {
    return this.bullmq.saveProgramId(id);
  }

  async enqueue(given: NewJob, replaces?: string): Promise<string> {
    const job = { ...given, id: given.id ?? uuid7() };
    const isReplacedHere = replaces !== undefined && this.held.has(replaces);
    let isUnconfirmed = false;
    if (!isReplacedHere && !(await this.hasWaiting(job.orderingKey))) {
      try {
        return await this.bullmq.enqueue(job, replaces);
      } catch (error) {
        isUnconfirmed = this.report(error).mayBeSaved;
      }
    }
    try {
      await this.fallback.enqueue(job, isReplacedHere ? replaces : undefined);
    } catch (error) {
      if (isUnconfirmed) void this.bullmq.discardUnconfirmed(job);
      throw error;
    }
    this.own.add(job.id);
    this.held.set(job.id, isUnconfirmed ? job : null);
    if (replaces !== undefined) void this.discard(replaces);
    return job.id;
  }

  release(id: string): void {
    if (this.held.delete(id)) this.fallback.release(id);
    else this.bullmq.release(id);
  }

  async discard(id: string): Promise<boolean> {
    const unconfirmed = this.held.get(id);
    if (!this.held.delete(id)) return this.bullmq.discard(id);
    this.own.delete(id);
    const isDiscarded = await this.fallback.discard(id);
    if (!unconfirmed) return isDiscarded;
    return (await this.bullmq.discardUnconfirmed(unconfirmed)) && isDiscarded;
  }

  async submit(given: SubmittedJob): Promise<Submitted> {
    const job = { ...given, id: given.id ?? uuid7() };
    if (!(await this.hasWaiting(job.orderingKey))) {
      try {
        return await this.bullmq.submit(job);
      } catch (error) {
        this.report(error);
      }
    }
    const { key: _, cancels: __, ...saved } = job;
    const payload = SUBMITTED + JSON.stringify(job);
    const submitted = await this.fallback.submit({ ...saved, payload });
    this.own.add(submitted.id);
    return submitted;
  }

  start(delivery: Delivery): DeliveryControl {
    const control = this.bullmq.start(delivery);
    return {
      pause: (reason) => control.pause(reason),
      resume: () => control.resume(),
      drain: async (capMs) => {
        const end = performance.now() + capMs;
        await this.forwarding?.drain(this.bullmq.isUsable ? capMs : 0);
        await control.drain(Math.max(0, end - performance.now()));
      },
    };
  }

  /** The jobs in the fallback of another instance are counted there only. */
  async stats(): Promise<OutboxStats> {
    const [bullmq, fallback] = await Promise.all([this.bullmq.stats(), this.fallback.stats()]);
    const oldest = [bullmq.oldestPendingAt, fallback.oldestPendingAt].filter((at) => at !== null);
    return {
      ...bullmq,
      ...sumCounters([bullmq, fallback].flatMap(toCounters)),
      location: this.location,
      oldestPendingAt: oldest.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null,
      storage: bullmq.storage.ok ? bullmq.storage : fallback.storage,
    };
  }

  async find(orderingKey: string): Promise<HistoryEntry[]> {
    const [bullmq, fallback] = await Promise.all([
      this.bullmq.find(orderingKey),
      this.fallback.find(orderingKey),
    ]);
    return merge(fallback, bullmq).slice(0, FIND_LIMIT);
  }

  async recent(limit: number): Promise<HistoryEntry[]> {
    const [bullmq, fallback] = await Promise.all([
      this.bullmq.recent(limit),
      this.fallback.recent(limit),
    ]);
    return newest(merge(fallback, bullmq), limit);
  }

  async *deadLetters(): AsyncGenerator<HistoryEntry, void> {
    yield* this.fallback.deadLetters();
    yield* this.bullmq.deadLetters();
  }

  async requeue(filter: RequeueFilter): Promise<number> {
    return (await this.fallback.requeue(filter)) + (await this.bullmq.requeue(filter));
  }

  async forget(orderingKey: string, keeps?: string): Promise<Forgotten> {
    const here = await this.fallback.forget(orderingKey, keeps);
    const there = await this.bullmq.forget(orderingKey, keeps);
    await this.look();
    return {
      forgotten: here.forgotten + there.forgotten,
      inFlight: here.inFlight + there.inFlight,
    };
  }

  async close(): Promise<void> {
    clearInterval(this.looking);
    await this.forwarding?.drain(0);
    await this.bullmq.close();
    await this.fallback.close();
  }

  /** While Redis is away, the relay of the fallback pauses as it does for a 429. */
  private async forward({ payload, ...facts }: Job): Promise<DeliveryResult> {
    const isSubmitted = payload.startsWith(SUBMITTED);
    const { id, checkpoint } = facts;
    try {
      if (!this.bullmq.isUsable) return { type: 'rateLimited', retryAfterMs: RETRY_MS };
      const job = isSubmitted
        ? (JSON.parse(payload.slice(SUBMITTED.length)) as SubmittedJob)
        : { ...facts, payload };
      await this.bullmq.forward({ ...job, id, checkpoint });
      this.forwarded += 1;
      return { type: 'completed', outcome: FORWARDED, requests: 0 };
    } catch {
      return { type: 'rateLimited', retryAfterMs: RETRY_MS };
    }
  }

  private report(error: unknown): OutboxError {
    if (!(error instanceof OutboxError)) throw error;
    const { location } = this.fallback;
    const what = `Jobs are saved in ${location}, and forwarded once Redis responds`;
    this.warnings.warn('', () => `${what}: ${error.message}.`);
    return error;
  }

  /** What came before for the same customer has to go first. */
  private async hasWaiting(orderingKey: string): Promise<boolean> {
    if (this.waiting === 0 && this.own.size === 0) return false;
    const here = await this.fallback.find(orderingKey).catch(() => []);
    return here.some(({ state }) => state === 'pending');
  }

  private async look(): Promise<void> {
    const before = [...this.own];
    const pending = this.fallback.stats().then((stats) => stats.pending);
    // A fallback that doesn't respond may hold something.
    this.waiting = await pending.catch(() => 1);
    if (this.waiting > 0) return;
    for (const id of before) this.own.delete(id);
    if (this.forwarded === 0) return;
    this.log.log(`${this.forwarded} jobs were forwarded from ${this.fallback.location} to BullMQ.`);
    this.forwarded = 0;
  }
}

/** Without those in the fallback that BullMQ has too, or had. */
function merge(fallback: readonly HistoryEntry[], bullmq: readonly HistoryEntry[]): HistoryEntry[] {
  const ids = new Set(bullmq.map(({ id }) => id));
  const here = fallback.filter(({ id, outcome }) => outcome !== FORWARDED && !ids.has(id));
  return [...here, ...bullmq];
}

/** Jobs that were forwarded are counted by BullMQ. */
function toCounters({ jobs }: OutboxStats): Counter[] {
  return Object.entries(jobs).flatMap(([name, { queued, pending, dead, outcomes }]) => {
    const { [FORWARDED]: forwarded = 0, ...others } = outcomes;
    const counts = { ...others, queued: queued - forwarded, pending, dead };
    const counters = Object.entries(counts).map(([outcome, n]) => ({ name, outcome, n }));
    return queued > forwarded ? counters : [];
  });
}

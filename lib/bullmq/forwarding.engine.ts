import type { Delivery, DeliveryControl } from '../outbox/delivery.js';
import type { DeliveryResult } from '../outbox/delivery-result.js';
import type { Forgotten, HistoryEntry, OutboxStats, RequeueFilter } from '../outbox/history.js';
import { sumCounters, type Counter } from '../outbox/job-counts.js';
import type { Job, NewJob, SubmittedJob } from '../outbox/job.js';
import type { OutboxEngine, OutboxLog, Submitted } from '../outbox/outbox-engine.js';
import { OutboxError } from '../outbox/outbox.error.js';
import { uuid7 } from '../outbox/uuid7.js';
import type { BullmqEngine } from './bullmq.engine.js';

/** How a job ends in the fallback when BullMQ has it. */
const FORWARDED = 'forwarded';
/** Ends the names of jobs whose payload is a submitted job, which BullMQ decides on. */
const SUBMITTED = ' (submitted)';
const RETRY_MS = 1_000;

interface SavedHere {
  readonly job: NewJob;
  /** Redis may have it all the same. */
  readonly isUnconfirmed: boolean;
}

/**
 * Saves in the fallback what BullMQ can't take in time, and forwards it later, under the same ids: what
 * arrives twice is one job.
 */
export class ForwardingEngine implements OutboxEngine {
  /** Jobs in the fallback that are held by this process. */
  private readonly held = new Map<string, SavedHere>();
  /** How many jobs have yet to be forwarded. */
  private waiting = 0;
  private forwarding: DeliveryControl | undefined;

  constructor(
    private readonly bullmq: BullmqEngine,
    private readonly fallback: OutboxEngine,
    private readonly log: OutboxLog,
  ) {}

  get location(): string {
    return `${this.bullmq.location}, or ${this.fallback.location} while Redis is away`;
  }

  async open(): Promise<void> {
    await this.fallback.open();
    this.waiting = (await this.fallback.stats()).pending;
    const control = this.fallback.start({
      ...{ concurrency: 16, maxAgeMs: Number.MAX_SAFE_INTEGER, requestsPerMinute: undefined },
      ...{ initialBackoffMs: RETRY_MS, maxBackoffMs: RETRY_MS },
      deliver: (job) => this.forward(job),
      checkKey: () => Promise.resolve('accepted' as const),
      onEnd: () => this.left(),
    });
    control.pause('unreachable');
    this.forwarding = control;
    this.bullmq.onChange = (isUsable) =>
      isUsable ? control.resume() : control.pause('unreachable');
    await this.bullmq.open();
  }

  programId(): Promise<string | null> {
    return this.bullmq.programId();
  }

  saveProgramId(id: string): Promise<void> {
    return this.bullmq.saveProgramId(id);
  }

  async enqueue(given: NewJob, replaces?: string): Promise<string> {
    const job = { ...given, id: given.id ?? uuid7() };
    const replaced = replaces !== undefined && this.held.has(replaces);
    let isUnconfirmed = false;
    if (!replaced && !(await this.hasWaiting(job.orderingKey))) {
      try {
        return await this.bullmq.enqueue(job, replaces);
      } catch (error) {
        if (!(error instanceof OutboxError)) throw error;
        isUnconfirmed = error.mayBeSaved;
      }
    }
    const id = await this.fallback.enqueue(job, replaced ? replaces : undefined);
    this.waiting += 1;
    this.held.set(id, { job, isUnconfirmed });
    if (replaces !== undefined) void this.discard(replaces);
    return id;
  }

  release(id: string): void {
    if (this.held.delete(id)) this.fallback.release(id);
    else this.bullmq.release(id);
  }

  async discard(id: string): Promise<boolean> {
    const saved = this.held.get(id);
    if (!saved) return this.bullmq.discard(id);
    this.held.delete(id);
    const isDiscarded = await this.fallback.discard(id);
    if (isDiscarded) this.left();
    if (!isDiscarded || !saved.isUnconfirmed) return isDiscarded;
    return this.bullmq.discardUnconfirmed(id, saved.job);
  }

  async submit(given: SubmittedJob): Promise<Submitted> {
    const job = { ...given, id: given.id ?? uuid7() };
    if (!(await this.hasWaiting(job.orderingKey))) {
      try {
        return await this.bullmq.submit(job);
      } catch (error) {
        if (!(error instanceof OutboxError)) throw error;
      }
    }
    // Keys are unique in BullMQ: it decides when it gets the job.
    const { name, orderingKey, referralKey, queuedAt, id } = job;
    const saved = { orderingKey, referralKey, queuedAt, id };
    const payload = JSON.stringify(job);
    const submitted = await this.fallback.submit({ ...saved, name: name + SUBMITTED, payload });
    this.waiting += 1;
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

  /** What waits in the fallback of another instance is counted there only. */
  async stats(): Promise<OutboxStats> {
    const [bullmq, fallback] = await Promise.all([this.bullmq.stats(), this.fallback.stats()]);
    const counters = [...countersOf(bullmq), ...countersOf(fallback)];
    const oldest = [bullmq.oldestPendingAt, fallback.oldestPendingAt].filter((at) => at !== null);
    return {
      ...{ ...bullmq, ...sumCounters(counters), location: this.location },
      oldestPendingAt: oldest.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null,
      storage: bullmq.storage.ok ? bullmq.storage : fallback.storage,
    };
  }

  async find(orderingKey: string): Promise<HistoryEntry[]> {
    const [bullmq, fallback] = await Promise.all([
      this.bullmq.find(orderingKey),
      this.fallback.find(orderingKey),
    ]);
    const ids = new Set(bullmq.map(({ id }) => id));
    const here = fallback.filter(({ id, outcome }) => outcome !== FORWARDED && !ids.has(id));
    return [...here, ...bullmq].slice(0, 1_000);
  }

  async *deadLetters(): AsyncGenerator<HistoryEntry, void> {
    yield* this.fallback.deadLetters();
    yield* this.bullmq.deadLetters();
  }

  async requeue(filter: RequeueFilter): Promise<number> {
    return (await this.fallback.requeue(filter)) + (await this.bullmq.requeue(filter));
  }

  async forget(orderingKey: string): Promise<Forgotten> {
    const here = await this.fallback.forget(orderingKey);
    const there = await this.bullmq.forget(orderingKey);
    this.waiting = (await this.fallback.stats()).pending;
    return {
      forgotten: here.forgotten + there.forgotten,
      inFlight: here.inFlight + there.inFlight,
    };
  }

  async close(): Promise<void> {
    await this.forwarding?.drain(0);
    await this.bullmq.close();
    await this.fallback.close();
  }

  private async forward(job: Job): Promise<DeliveryResult> {
    const isSubmitted = job.name.endsWith(SUBMITTED);
    try {
      const submitted = isSubmitted ? (JSON.parse(job.payload) as SubmittedJob) : job;
      await this.bullmq.forward({ ...submitted, id: job.id, checkpoint: job.checkpoint });
      return { type: 'completed', outcome: FORWARDED, requests: 0 };
    } catch {
      return { type: 'defer', reason: 'redis_unreachable', ms: RETRY_MS };
    }
  }

  /** What came before for the same customer has to go first. */
  private async hasWaiting(orderingKey: string): Promise<boolean> {
    if (this.waiting === 0) return false;
    const here = await this.fallback.find(orderingKey).catch(() => []);
    return here.some(({ state }) => state === 'pending');
  }

  private left(): void {
    this.waiting = Math.max(0, this.waiting - 1);
  }
}

/** Jobs that were forwarded are counted by BullMQ. */
function countersOf({ jobs }: OutboxStats): Counter[] {
  return Object.entries(jobs).flatMap(([saved, { queued, pending, dead, outcomes }]) => {
    const { [FORWARDED]: forwarded = 0, ...others } = outcomes;
    const name = saved.endsWith(SUBMITTED) ? saved.slice(0, -SUBMITTED.length) : saved;
    const counts = { ...others, queued: queued - forwarded, pending, dead };
    const counters = Object.entries(counts).map(([outcome, n]) => ({ name, outcome, n }));
    return queued > forwarded ? counters : [];
  });
}

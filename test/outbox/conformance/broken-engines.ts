import type { Delivery, Pause } from '#lib/outbox/delivery.js';
import type { DeliveryResult, JobEnd } from '#lib/outbox/delivery-result.js';
import type { Forgotten, HistoryEntry, RequeueFilter } from '#lib/outbox/history.js';
import type { NewJob, SubmittedJob } from '#lib/outbox/job.js';
import type { OutboxEngine } from '#lib/outbox/outbox-engine.js';
import { memoryOutbox, MemoryOutbox } from './memory-outbox.js';
import { MemoryPauses } from './memory-pauses.js';
import { MemoryStore, type Row, toJob } from './memory-store.js';

/** An engine with one fault. */
export interface BrokenEngine {
  readonly fault: string;
  /** The case of the suite that must fail. */
  readonly caughtBy: string;
  readonly Engine?: typeof MemoryOutbox;
  readonly Store?: typeof MemoryStore;
}

export const definitionOf = ({ Engine, Store = MemoryStore }: BrokenEngine) => {
  const store = new Store();
  return () => memoryOutbox(store, Engine);
};

const pausing = (Pauses: typeof MemoryPauses): typeof MemoryOutbox =>
  class extends MemoryOutbox {
    protected override makePauses(delivery: Delivery): MemoryPauses {
      return new Pauses(delivery, this.wake);
    }
  };

const storing = (change: (job: NewJob) => NewJob): typeof MemoryStore =>
  class extends MemoryStore {
    override add(
      program: string,
      job: NewJob,
      owner: object | null,
      key: string | null = null,
    ): Row {
      return super.add(program, change(job), owner, key);
    }
  };

export const BROKEN_ENGINES: readonly BrokenEngine[] = [
  {
    fault: 'delivers held jobs',
    caughtBy: 'a held job is delivered once it is released, with everything that was enqueued',
    Engine: class extends MemoryOutbox {
      protected override isDue(row: Row): boolean {
        return row.state === 'held' || super.isDue(row);
      }
    },
  },
  {
    fault: 'delivers a job again when it is released again',
    caughtBy: 'a job that is released twice is delivered once',
    Engine: class extends MemoryOutbox {
      override release(id: string): void {
        const row = this.store.get(this.program, id);
        if (row) this.store.free(row);
        super.release(id);
      }
    },
  },
  {
    fault: 'says that it discarded a job, and delivers it after a restart',
    caughtBy: 'a discarded job is never delivered, even if it is released or the engine restarts',
    Engine: class extends MemoryOutbox {
      protected override discardNow(id: string): boolean {
        return this.heldRow(id) !== undefined;
      }
    },
  },
  {
    fault: 'says that it discarded a released job',
    caughtBy:
      'of 200 jobs that are discarded and released at once, each is either discarded or delivered',
    Engine: class extends MemoryOutbox {
      protected override discardNow(id: string): boolean {
        return super.discardNow(id) || this.store.get(this.program, id)?.state === 'pending';
      }
    },
  },
  {
    fault: 'discards late what it says it has discarded',
    caughtBy:
      'of 100 jobs that are discarded while their engine closes, none is discarded and delivered',
    Engine: class extends MemoryOutbox {
      override discard(id: string): Promise<boolean> {
        const isHeld = this.heldRow(id) !== undefined;
        setTimeout(() => this.discardNow(id), 1);
        return Promise.resolve(isHeld);
      }
    },
  },
  {
    fault: 'does not discard a replaced job',
    caughtBy: 'a job that replaces a held one discards it in the same step',
    Engine: class extends MemoryOutbox {
      override enqueue(job: NewJob): Promise<string> {
        return super.enqueue(job);
      }
    },
  },
  {
    fault: 'leaves held jobs behind when it closes',
    caughtBy:
      'a held job of an engine that closes counts as released, for engines that run and for later ones',
    Store: class extends MemoryStore {
      override freeAll(): void {}
    },
  },
  {
    fault: 'forgets the order',
    caughtBy:
      'jobs with one ordering key are delivered one at a time, in the order in which they were enqueued',
    Engine: class extends MemoryOutbox {
      protected override candidates(): Row[] {
        return this.store.of(this.program);
      }
    },
  },
  {
    fault: 'lets jobs pass a job that waits for its next attempt',
    caughtBy:
      'a job that is retried or deferred is not overtaken by later ones of its ordering key',
    Engine: class extends MemoryOutbox {
      protected override candidates(): Row[] {
        const passed = (row: Row) => row.dueAt > Date.now();
        const others = this.store.of(this.program).filter((row) => !passed(row));
        return [...super.candidates().filter(passed), ...others];
      }
    },
  },
  {
    fault: 'delivers jobs behind a dead letter',
    caughtBy: 'jobs behind a dead letter wait, and go on after it is requeued',
    Engine: class extends MemoryOutbox {
      protected override candidates(): Row[] {
        const isOpen = (row: Row) => !['dead', 'completed'].includes(row.state);
        const open = this.store.of(this.program).filter(isOpen);
        return [...new Map(open.toReversed().map((row) => [row.orderingKey, row])).values()];
      }
    },
  },
  {
    fault: 'sends one more at once than it may',
    caughtBy: 'other ordering keys are delivered in parallel, up to the concurrency',
    Engine: pausing(
      class extends MemoryPauses {
        override allows(sending: number) {
          return super.allows(sending - 1);
        }
      },
    ),
  },
  {
    fault: 'calls onEnd twice',
    caughtBy: 'onEnd is called once for each job, with its result',
    Engine: class extends MemoryOutbox {
      protected override ended(row: Row, end: JobEnd): void {
        super.ended(row, end);
        if (Math.random() < 0.1) this.delivery?.onEnd(toJob(row), end);
      }
    },
  },
  {
    fault: 'forgets a call of onEnd',
    caughtBy: 'onEnd is called once for each job, with its result',
    Engine: class extends MemoryOutbox {
      protected override ended(row: Row, end: JobEnd): void {
        if (Math.random() < 0.9) super.ended(row, end);
        else this.store.end(row, end);
      }
    },
  },
  {
    fault: 'does not count what it discards',
    caughtBy: 'counts add up at every moment while two engines work',
    Store: class extends MemoryStore {
      protected override remove(row: Row, outcome: string): void {
        super.remove(row, outcome);
        if (outcome !== 'discarded') return;
        row.end = { type: 'completed', outcome: 'none' };
        this.rows.delete(row.id);
        this.add(row.program, row, this);
      }
    },
  },
  {
    fault: 'frees the key of a completed job',
    caughtBy: 'a key stays taken after completion and a restart, and a different digest is noticed',
    Store: class extends MemoryStore {
      override end(row: Row, end: JobEnd): void {
        super.end(row, end);
        this.releaseKeys(row);
      }
    },
  },
  {
    fault: 'frees the key of a dead letter',
    caughtBy: 'a dead letter holds its key',
    Store: class extends MemoryStore {
      override end(row: Row, end: JobEnd): void {
        super.end(row, end);
        if (end.type === 'dead') this.releaseKeys(row);
      }
    },
  },
  {
    fault: 'leaves a dead letter that is submitted again',
    caughtBy: 'a dead letter is delivered again when its key and digest are submitted again',
    Store: class extends MemoryStore {
      override submit(program: string, job: SubmittedJob) {
        const deadLetters = this.of(program).filter(({ state }) => state === 'dead');
        const submitted = super.submit(program, job);
        for (const row of deadLetters) row.state = 'dead';
        return submitted;
      }
    },
  },
  {
    fault: 'delivers a cancelling job under its own ordering key',
    caughtBy: 'a job that cancels another one is delivered behind it, under its ordering key',
    Store: class extends MemoryStore {
      override submit(program: string, { cancels: _, ...job }: SubmittedJob) {
        return super.submit(program, job);
      }
    },
  },
  {
    fault: 'does not discard what a job overrides',
    caughtBy:
      'a job with overrides discards the pending and dead jobs of its ordering key and of no other',
    Store: class extends MemoryStore {
      protected override discardAll(): void {}
    },
  },
  {
    fault: 'counts a deferral as an attempt',
    caughtBy: 'a deferred job waits as long as it asks for, and uses no attempt',
    Engine: class extends MemoryOutbox {
      protected override apply(row: Row, result: DeliveryResult): Promise<void> {
        if (result.type === 'defer') row.attempts += 1;
        return super.apply(row, result);
      }
    },
  },
  {
    fault: 'gives up at the first failure of an old job',
    caughtBy: 'a job is dead only when it fails and its first failure is older than maxAgeMs',
    Engine: class extends MemoryOutbox {
      protected override retry(row: Row, reason: string, afterMs: number): void {
        row.failedAt ??= row.queuedAt;
        super.retry(row, reason, afterMs);
      }
    },
  },
  {
    fault: 'forgets checkpoints',
    caughtBy: 'a checkpoint is there at the next attempt and after a restart',
    Store: class extends MemoryStore {
      override free(row: Row, dueAt = 0): void {
        super.free(row, dueAt);
        row.checkpoint = null;
      }
    },
  },
  {
    fault: 'goes on while Partnero is unreachable',
    caughtBy: 'five transient failures in a row pause delivery, then one attempt at a time is made',
    Engine: pausing(
      class extends MemoryPauses {
        override failed(): void {}
      },
    ),
  },
  {
    fault: 'sends many at once to test whether Partnero is back',
    caughtBy: 'five transient failures in a row pause delivery, then one attempt at a time is made',
    Engine: pausing(
      class extends MemoryPauses {
        override allows(sending: number) {
          const isOver = this.breaker.failures >= 5 && this.breaker.until <= Date.now();
          return isOver ? { count: 3 - sending, askAgainAt: null } : super.allows(sending);
        }
      },
    ),
  },
  {
    fault: 'counts failures that lie with their jobs towards the circuit breaker',
    caughtBy: 'failures that lie with their jobs pause nothing',
    Engine: class extends MemoryOutbox {
      protected override retry(row: Row, reason: string, afterMs: number): void {
        this.pauses?.failed();
        super.retry(row, reason, afterMs);
      }
    },
  },
  {
    fault: 'goes on after a 429',
    caughtBy: 'a 429 pauses the whole program for as long as it asks, and uses no attempt',
    Engine: pausing(
      class extends MemoryPauses {
        override rateLimited(): void {}
      },
    ),
  },
  {
    fault: 'counts a 429 as an attempt',
    caughtBy: 'a 429 that names no time pauses the program too',
    Engine: class extends MemoryOutbox {
      protected override apply(row: Row, result: DeliveryResult): Promise<void> {
        if (result.type === 'rateLimited') row.attempts += 1;
        return super.apply(row, result);
      }
    },
  },
  {
    fault: 'goes on while the key is rejected',
    caughtBy:
      'an unauthorized response pauses the program until checkKey says accepted, and uses no attempt',
    Engine: pausing(
      class extends MemoryPauses {
        override get current(): Pause | null {
          const pause = super.current;
          return pause?.reason === 'unauthorized' && Math.random() < 0.5 ? null : pause;
        }
      },
    ),
  },
  {
    fault: 'takes an unknown key for an accepted one',
    caughtBy:
      'an unauthorized response pauses the program until checkKey says accepted, and uses no attempt',
    Engine: pausing(
      class extends MemoryPauses {
        override async checkKey(): Promise<void> {
          await super.checkKey();
          if ((await this.delivery.checkKey()) === 'unknown') this.unauthorized = null;
        }
      },
    ),
  },
  {
    fault: 'knows no limit of requests',
    caughtBy: 'a limit of requests per minute is kept, also with much to do',
    Engine: pausing(
      class extends MemoryPauses {
        protected override refill(): number {
          return Infinity;
        }
      },
    ),
  },
  {
    fault: 'lists at most 450 dead letters',
    caughtBy: 'all of 460 dead letters are listed once, and reading may stop early',
    Engine: class extends MemoryOutbox {
      override async *deadLetters(): AsyncIterable<HistoryEntry> {
        let count = 0;
        for await (const entry of super.deadLetters()) if ((count += 1) <= 450) yield entry;
      }
    },
  },
  {
    fault: 'requeues everything for an id that it does not know',
    caughtBy: 'an id that belongs to no dead letter requeues nothing',
    Engine: class extends MemoryOutbox {
      override requeue(filter: RequeueFilter): Promise<number> {
        return super.requeue('id' in filter && !filter.id ? {} : filter);
      }
    },
  },
  {
    fault: 'lists the oldest job first',
    caughtBy: 'jobs are found by their ordering key, newest first, with all fields',
    Engine: class extends MemoryOutbox {
      override async find(orderingKey: string): Promise<HistoryEntry[]> {
        return (await super.find(orderingKey)).toReversed();
      }
    },
  },
  {
    fault: 'says that nothing is in flight',
    caughtBy: 'forgetting leaves what is being sent or held, and says so',
    Engine: class extends MemoryOutbox {
      override async forget(...args: Parameters<OutboxEngine['forget']>): Promise<Forgotten> {
        return { ...(await super.forget(...args)), inFlight: 0 };
      }
    },
  },
  {
    fault: 'shares ordering keys between programs',
    caughtBy: 'two programs on one store do not see each other',
    Engine: class extends MemoryOutbox {
      protected override isDue(row: Row): boolean {
        const others = ['default', 'other'].flatMap((program) => this.store.heads(program));
        const isBehind = ({ orderingKey, state }: Row) =>
          orderingKey === row.orderingKey && state === 'dead';
        return super.isDue(row) && !others.some(isBehind);
      }
    },
  },
  {
    fault: 'releases nothing when it drains',
    caughtBy: 'drain aborts what takes too long and releases it, without using an attempt',
    Store: class extends MemoryStore {
      override free(row: Row, dueAt = 0): void {
        if (row.state !== 'sending') super.free(row, dueAt);
      }
    },
  },
  {
    fault: 'accepts results and checkpoints of jobs that it has released',
    caughtBy:
      'a result that comes after the job was released has no effect, and its checkpoint is refused',
    Engine: class extends MemoryOutbox {
      protected override isOurs(): boolean {
        return true;
      }
    },
  },
  {
    fault: 'ignores the case of ordering keys',
    caughtBy: 'ordering keys with any characters are kept apart, found and delivered as they are',
    Store: storing((job) => ({ ...job, orderingKey: job.orderingKey.toLowerCase() })),
  },
  {
    fault: 'normalizes Unicode',
    caughtBy: 'ordering keys with any characters are kept apart, found and delivered as they are',
    Store: storing((job) => ({ ...job, orderingKey: job.orderingKey.normalize() })),
  },
  {
    fault: 'cuts strings at NUL',
    caughtBy:
      'keys with NUL or half a surrogate pair are refused or kept as they are, and harm no other job',
    Store: storing((job) => ({ ...job, orderingKey: job.orderingKey.split('\0')[0]! })),
  },
  {
    fault: 'reformats payloads',
    caughtBy:
      'payloads, referral keys, outcomes and job keys with any characters are kept as they are',
    Store: storing((job) => ({ ...job, payload: JSON.stringify(JSON.parse(job.payload)) })),
  },
  {
    fault: 'delivers in the async context of a request',
    caughtBy:
      'deliver, checkKey and onEnd run in the async context of start, never in that of a request',
    Engine: class extends MemoryOutbox {
      override release(id: string): void {
        this.inContext = (work, ...args) => work(...args);
        super.release(id);
      }
    },
  },
];

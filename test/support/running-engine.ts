import type { OutboxDefinition, OutboxEngine } from '#lib/outbox/outbox-engine.js';
import type { Delivery, DeliveryControl } from '#lib/outbox/delivery.js';
import type { DeliveryResult } from '#lib/outbox/delivery-result.js';
import type { Job, NewJob } from '#lib/outbox/job.js';

/** An engine whose jobs are delivered to nobody, and what happened to them. */
export class RunningEngine {
  private static readonly running = new Set<RunningEngine>();

  readonly delivered: string[] = [];
  readonly lines: string[] = [];
  readonly engine: OutboxEngine;
  respond: (job: Job) => DeliveryResult | Promise<DeliveryResult> = () => ({
    type: 'completed',
    outcome: 'attributed',
  });
  private control: DeliveryControl | undefined;

  constructor(definition: OutboxDefinition, program = 'default', historyDays?: number) {
    const keep = (line: string) => void this.lines.push(line);
    this.engine = definition.create({
      program,
      historyDays,
      acceptTimeoutMs: 250,
      log: { log: keep, warn: keep, error: keep },
    });
    RunningEngine.running.add(this);
  }

  static async open(definition: OutboxDefinition): Promise<RunningEngine> {
    const opened = new RunningEngine(definition);
    await opened.engine.open();
    return opened;
  }

  start(more: Partial<Delivery> = {}): void {
    this.control = this.engine.start({
      concurrency: 10,
      maxAgeMs: 86_400_000,
      initialBackoffMs: 10,
      maxBackoffMs: 100,
      requestsPerMinute: undefined,
      deliver: async (job) => {
        const result = await this.respond(job);
        this.delivered.push(job.orderingKey);
        return result;
      },
      checkKey: () => Promise.resolve('accepted'),
      onEnd() {},
      ...more,
    });
  }

  async add(orderingKey: string): Promise<string> {
    const id = await this.engine.enqueue(newJob(orderingKey));
    this.engine.release(id);
    return id;
  }

  async close(): Promise<void> {
    RunningEngine.running.delete(this);
    await this.control?.drain(100);
    await this.engine.close();
  }

  /** For `afterEach`. */
  static async closeAll(): Promise<void> {
    await Promise.all([...this.running].map((each) => each.close()));
  }
}

export function newJob(orderingKey: string, more: Partial<NewJob> = {}): NewJob {
  const job = { name: 'attribution', orderingKey, referralKey: 'ann', payload: '{}' };
  return { ...job, queuedAt: Date.now(), ...more };
}

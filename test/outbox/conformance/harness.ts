import type { Job, NewJob } from '#lib/outbox/job.js';
import type { LedgerEntry } from '#lib/outbox/ledger.js';
import type { Failure, Outbox, OutboxContext, OutboxDefinition } from '#lib/outbox/outbox.js';

/** A fresh store of an engine, and what its tests do with it. */
export class OutboxHarness {
  outbox!: Outbox;
  /** Fingerprint of the API key in use. */
  keyHash: string | null = 'key';
  definition!: () => OutboxDefinition;
  private readonly open = new Set<Outbox>();

  /** `make` gives a fresh store; both calls of what it returns the same. */
  async begin(make: () => () => OutboxDefinition): Promise<void> {
    this.keyHash = 'key';
    this.definition = make();
    this.outbox = await this.start();
  }

  async end(): Promise<void> {
    for (const each of this.open) await each.close();
    this.open.clear();
  }

  async start(overrides: Partial<OutboxContext> = {}): Promise<Outbox> {
    const started = this.definition().create({
      program: 'default',
      requestsPerMinute: undefined,
      maxBackoffMs: 86_400_000,
      ledgerDays: 90,
      log: { log() {}, warn() {}, error() {} },
      keyHash: () => this.keyHash,
      deliver: () => Promise.reject(new Error('not used')),
      ...overrides,
    });
    this.open.add(started);
    started.onWork(() => {});
    await started.open();
    await started.identity();
    return started;
  }

  async restart(): Promise<void> {
    await this.outbox.close();
    this.open.delete(this.outbox);
    this.outbox = await this.start();
  }

  job(lane: string, payload = '{}'): NewJob {
    return { kind: 'attribution', lane, referralKey: 'ann', payload, acceptedAt: Date.now() };
  }

  /** Accepts and releases. */
  async add(lane: string, payload?: string): Promise<string> {
    const id = await this.outbox.accept(this.job(lane, payload));
    this.outbox.release(id);
    return id;
  }

  /** Claims until nothing more is to be had. */
  async claimAll(from = this.outbox): Promise<Job[]> {
    const jobs: Job[] = [];
    for (let empty = 0; empty < 2;) {
      const claim = await from.claim(100);
      jobs.push(...claim.jobs);
      empty = claim.jobs.length === 0 ? empty + 1 : 0;
      // A released job may be on its way to the store.
      if (empty > 0) await new Promise((resolve) => setTimeout(resolve, 35));
    }
    return jobs;
  }

  settle(claimed: Job, outcome = 'attributed'): Promise<boolean> {
    return this.outbox.settle(claimed, { type: 'settled', outcome });
  }

  failure(overrides: Partial<Failure> = {}): Failure {
    const transient = { reason: '503', delayMs: 0, maxAgeMs: 86_400_000 };
    return { ...transient, testing: false, jobOnly: true, ...overrides };
  }

  async deadOf(): Promise<LedgerEntry[]> {
    const entries: LedgerEntry[] = [];
    for await (const entry of this.outbox.dead()) entries.push(entry);
    return entries;
  }
}

export const lanes = (jobs: readonly Job[]): string[] => jobs.map(({ lane }) => lane);

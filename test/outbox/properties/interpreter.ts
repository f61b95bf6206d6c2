import type { DeliveryControl } from '#lib/outbox/delivery.js';
import type { DeliveryResult } from '#lib/outbox/delivery-result.js';
import type { HistoryEntry, OutboxStats } from '#lib/outbox/history.js';
import type { NewJob, SubmittedJob } from '#lib/outbox/job.js';
import type { OutboxEngine } from '#lib/outbox/outbox-engine.js';
import { assertAddsUp } from '#lib/testing/conformance/conformance-harness.js';
import {
  type Attempt,
  completed,
  failed,
  ScriptedPartnero,
} from '#lib/testing/conformance/scripted-partnero.js';
import { Model, type ModelJob } from './model.js';
import type { Member, Mode, Operation } from './operations.js';

/** An open engine, and how to end it without warning. */
export interface PropertyMember {
  readonly engine: OutboxEngine;
  /** Default: `close`. */
  kill?(): Promise<void>;
}

const ifTaken = { same: 'duplicate', different: 'conflict', cancelled: 'refunded' };
/** A lost process may have to be noticed first. */
const PATIENCE_MS = 60_000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Does to two engines on a store what it does to the model, and compares. */
export class Interpreter {
  private readonly model = new Model();
  private readonly partnero = new ScriptedPartnero();
  private readonly members: PropertyMember[] = [];
  private readonly controls: DeliveryControl[] = [];
  private readonly objections: string[] = [];
  private hanging: (() => void)[] = [];
  private mode: Mode = 'completes';
  private responses = 0;
  private labels = 0;
  /** Customers of whom some history may be gone. */
  private readonly forgotten = new Set<string>();

  private constructor(private readonly open: () => Promise<PropertyMember>) {
    this.partnero.script = (attempt) => this.respond(attempt);
  }

  static async start(open: () => Promise<PropertyMember>): Promise<Interpreter> {
    const run = new Interpreter(open);
    for (const by of [0, 1] as const) await run.startMember(by);
    return run;
  }

  async run(operation: Operation): Promise<void> {
    await this.perform(operation);
    const stats = await this.members[0]!.engine.stats();
    assertAddsUp(stats);
    expect(stats.queued).toBe(this.model.jobs.length);
    expect(this.objections).toEqual([]);
  }

  /** Every job that was released reaches an end, once. */
  async finish(): Promise<void> {
    for (const by of [0, 1] as const) {
      for (const job of this.model.heldBy(by)) this.release(by, job);
    }
    this.setMode('completes');
    const stats = await this.allEnded();
    for (const control of this.controls) await control.drain(5_000);
    this.partnero.verify();
    expect(this.objections).toEqual([]);
    await this.checkEnds(stats);
  }

  async end(): Promise<void> {
    this.setMode('completes');
    for (const { engine, kill } of this.members) await (kill ? kill() : engine.close());
  }

  private async allEnded(): Promise<OutboxStats> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      await this.requeue(null);
      const stats = await this.members[1]!.engine.stats();
      if (stats.pending === 0 && stats.dead === 0) return stats;
      if (performance.now() > end)
        throw new Error(`${JSON.stringify(stats)}, open: ${await this.openJobs()}`);
      await sleep(5);
    }
  }

  /** A refund is in that of its sale, or in one of its own. */
  private orderingKeys(): Set<string> {
    return new Set(
      this.model.jobs.flatMap(({ customer, orderingKey, submittedTo }) => [
        customer,
        orderingKey ?? customer,
        submittedTo ?? customer,
      ]),
    );
  }

  private async openJobs(): Promise<string> {
    const found = [...this.orderingKeys()].map((key) => this.members[1]!.engine.find(key));
    const open = (await Promise.all(found)).flat().filter(({ state }) => state !== 'completed');
    return JSON.stringify(open);
  }

  private async startMember(by: Member): Promise<void> {
    const member = await this.open();
    this.members[by] = member;
    const settings = {
      concurrency: 3,
      maxAgeMs: 5,
      initialBackoffMs: 1,
      maxBackoffMs: 8,
      requestsPerMinute: undefined,
    };
    const delivery = this.partnero.delivery(member.engine, 'default', settings);
    this.controls[by] = member.engine.start(delivery);
  }

  private async perform(operation: Operation): Promise<void> {
    switch (operation.type) {
      case 'enqueue':
        return this.enqueue(operation);
      case 'sale':
        return this.sale(operation);
      case 'refund':
        return this.refund(operation);
      case 'erase':
        return this.erase(operation);
      case 'release': {
        const held = this.model.heldBy(operation.by);
        if (held.length > 0) this.release(operation.by, held[operation.nth % held.length]!);
        return;
      }
      case 'discard':
        return this.discard(operation);
      case 'respond':
        return this.setMode(operation.mode);
      case 'drain':
      case 'close':
      case 'kill':
        return this.restart(operation.by, operation.type);
      case 'requeue':
        return this.requeue(operation.customer);
      case 'forget':
        await this.members[operation.by]!.engine.forget(operation.customer);
        this.forgotten.add(operation.customer);
        return this.model.erase(operation.customer);
      case 'wait':
        return void (await sleep(operation.ms));
    }
  }

  private async enqueue({ by, customer, replaces }: Operation & { type: 'enqueue' }) {
    const held = this.model.heldBy(by);
    const replaced = replaces === null ? undefined : held[replaces % held.length];
    const { engine } = this.members[by]!;
    const id = await engine.enqueue(this.job('attribution', customer), replaced?.id);
    if (replaced) this.model.end(replaced, 'discarded');
    this.model.add({ id, name: 'attribution', customer, state: 'held', heldBy: by });
  }

  private async sale({ by, customer, invoice, digest }: Operation & { type: 'sale' }) {
    const key = `${customer}-${invoice}`;
    const job = { ...this.job('transaction', customer), key: { value: key, digest, ifTaken } };
    await this.submit(by, job, key);
  }

  private async refund({ by, customer, invoice }: Operation & { type: 'refund' }) {
    const key = `${customer}-${invoice}`;
    const job: SubmittedJob = {
      ...this.job('refund', `refund of ${key}`),
      key: { value: key, digest: '', ifTaken },
      cancels: { name: 'transaction', key },
    };
    const added = await this.submit(by, job, key);
    if (added.outcome !== null) return;
    // Behind the sale, in its ordering key, if there is one.
    added.orderingKey = null;
    this.model.cancel('transaction', key);
  }

  private async submit(by: Member, job: SubmittedJob, key: string): Promise<ModelJob> {
    const { name, orderingKey } = job;
    const digest = job.key!.digest;
    const { id, outcome } = await this.members[by]!.engine.submit(job);
    const isPossible = this.model.submit(name, key, digest, outcome);
    expect([name, key, digest, outcome, isPossible]).toEqual([name, key, digest, outcome, true]);
    const customer = key.split('-')[0]!;
    const added = this.model.add({ id, name, customer, orderingKey, submittedTo: orderingKey });
    if (outcome !== null) this.model.end(added, outcome);
    return added;
  }

  private async erase({ by, customer }: Operation & { type: 'erase' }): Promise<void> {
    const job = { ...this.job('erasure', customer), overrides: true };
    const { id, outcome } = await this.members[by]!.engine.submit(job);
    expect(outcome).toBeNull();
    this.model.erase(customer);
    this.model.add({ id, name: 'erasure', customer });
  }

  private release(by: Member, job: ModelJob): void {
    this.model.release(job);
    this.members[by]!.engine.release(job.id);
  }

  private async discard({ by, nth }: { by: Member; nth: number }): Promise<void> {
    const job = this.model.jobs[nth % this.model.jobs.length];
    if (!job) return;
    const isHeld = job.heldBy === by;
    const discarded = await this.members[by]!.engine.discard(job.id);
    if (!isHeld || !job.perhapsDiscarded) expect(discarded).toBe(isHeld);
    if (isHeld) this.model.end(job, 'discarded');
  }

  private async restart(by: Member, how: 'drain' | 'close' | 'kill'): Promise<void> {
    const { engine, kill } = this.members[by]!;
    for (const job of this.model.heldBy(by)) this.model.release(job);
    if (how === 'drain') await this.controls[by]!.drain(20);
    this.partnero.abandon(engine);
    if (how === 'kill' && kill) await kill();
    else await engine.close();
    await this.startMember(by);
  }

  private async requeue(customer: string | null): Promise<void> {
    const filter = customer === null ? {} : { customerKey: customer };
    await this.members[0]!.engine.requeue(filter);
  }

  private setMode(mode: Mode): void {
    this.mode = mode;
    for (const finish of this.hanging.splice(0)) finish();
  }

  private async respond(attempt: Attempt): Promise<DeliveryResult> {
    const earlier = this.partnero.attempts.filter((each) => each !== attempt);
    const objection = this.model.objectionTo(attempt, earlier);
    if (objection !== null) this.objections.push(objection);
    if (this.mode === 'hangs') {
      await new Promise<void>((resolve) => {
        this.hanging.push(resolve);
        attempt.signal.addEventListener('abort', () => resolve());
      });
      return attempt.signal.aborted ? { type: 'retry', reason: 'aborted' } : completed();
    }
    const mixed = (['completes', 'fails', 'defers'] as const)[(this.responses += 1) % 3]!;
    switch (this.mode === 'mixed' ? mixed : this.mode) {
      case 'fails':
        return failed();
      case 'defers':
        return { type: 'defer', reason: 'grace', ms: 2 };
      case 'completes':
        return completed();
    }
  }

  private async checkEnds(stats: OutboxStats): Promise<void> {
    const { engine } = this.members[0]!;
    const entries: HistoryEntry[] = [];
    for (const key of this.orderingKeys()) entries.push(...(await engine.find(key)));
    const found = new Map(entries.map((entry) => [entry.id, entry]));
    for (const { id, customer, perhapsDiscarded, outcome } of this.model.jobs) {
      const entry = found.get(id);
      const perhaps = perhapsDiscarded ? ['attributed', 'discarded'] : ['attributed'];
      if (entry) expect(outcome === null ? perhaps : [outcome]).toContain(entry.outcome);
      else expect([id, this.forgotten.has(customer)]).toEqual([id, true]);
    }
    const attributed = entries.filter(({ outcome }) => outcome === 'attributed').length;
    expect(stats.outcomes['attributed'] ?? 0).toBeGreaterThanOrEqual(attributed);
    expect(stats.outcomes['attributed'] ?? 0).toBeLessThanOrEqual(
      attributed + this.model.jobs.length - found.size,
    );
  }

  private job(name: string, orderingKey: string): NewJob {
    const label = `${name}-${(this.labels += 1)}`;
    const payload = JSON.stringify({ label, program: 'default' });
    return { name, orderingKey, referralKey: 'ann', payload, queuedAt: Date.now() };
  }
}

import type { Job } from '#lib/outbox/job.js';
import type { Failure } from '#lib/outbox/outbox.js';
import { OutboxHost } from '../../support/outbox-host.js';
import { Model, type ModelJob, type ProcessNumber } from './model.js';
import type { Operation } from './operations.js';

const ifTaken = { same: 'duplicate', different: 'conflict', withdrawn: 'refunded' };
const YEAR_MS = 365 * 86_400_000;
/** A released job may be on its way to the store. */
const PATIENCE_MS = 10_000;

/** Does to two processes on a store what it does to the model, and compares what they say. */
export class Interpreter {
  private readonly model = new Model();
  private readonly jobs = new Map<string, Job>();
  private clockMs = 0;

  private constructor(
    private readonly startHost: () => Promise<OutboxHost>,
    private readonly hosts: OutboxHost[],
  ) {}

  static async start(startHost: () => Promise<OutboxHost>): Promise<Interpreter> {
    return new Interpreter(startHost, await Promise.all([startHost(), startHost()]));
  }

  async run(operation: Operation): Promise<void> {
    await this.perform(operation);
    expect(await this.hosts[0]!.ask('stats')).toMatchObject(this.model.stats);
  }

  /** Every job that was released reaches an end, in the order of its lane, and none twice. */
  async finish(): Promise<void> {
    for (const by of [0, 1] as const) {
      for (const job of this.model.of(by, 'held')) await this.release(by, job);
      for (const job of this.model.of(by, 'claimed')) await this.settle(by, job, false);
    }
    await this.perform({ type: 'replay', lane: null });
    // Beyond anything that was postponed, whatever the clock said then.
    await this.setClock(2 * YEAR_MS);
    const end = performance.now() + PATIENCE_MS;
    while (!this.model.isOver) {
      expect(performance.now()).toBeLessThan(end);
      for (const by of [0, 1] as const) {
        for (const job of await this.claim(by, 10)) await this.settle(by, job, false);
      }
    }
    expect(await this.hosts[1]!.ask('stats')).toMatchObject(this.model.stats);
  }

  async end(): Promise<void> {
    await Promise.all(this.hosts.map((host) => host.kill()));
  }

  private async perform(operation: Operation): Promise<void> {
    switch (operation.type) {
      case 'accept':
        return this.accept(operation);
      case 'sale':
        return this.sale(operation);
      case 'refund':
        return this.refund(operation);
      case 'release':
        return this.with(operation, 'held', (job) => this.release(operation.by, job));
      case 'discard':
        return this.discard(operation);
      case 'claim':
        return void (await this.claim(operation.by, operation.max));
      case 'note':
        return this.with(operation, 'claimed', (job) => this.note(operation.by, job));
      case 'settle':
        return this.with(operation, 'claimed', (job) =>
          this.settle(operation.by, job, operation.freesKey),
        );
      case 'fail':
        return this.with(operation, 'claimed', (job) => this.fail(job, operation));
      case 'hand back':
        return this.handBack(operation.by);
      case 'crash':
        return this.crash(operation.by);
      case 'restart':
        await this.hosts[operation.by]!.ask('close');
        return this.crash(operation.by);
      case 'clock':
        return this.setClock(this.clockMs + operation.byMs);
      case 'replay':
        return this.replay(operation.lane);
      case 'forget':
        return this.forget(operation.lane);
    }
  }

  private async accept({ by, lane, replaces }: Operation & { type: 'accept' }): Promise<void> {
    const held = this.model.of(by, 'held');
    const replaced = replaces === null ? undefined : held[replaces % held.length];
    const id = await this.hosts[by]!.ask('accept', this.job('attribution', lane), replaced?.id);
    if (replaced) this.model.end(replaced, 'discarded');
    this.model.add({ id, lane, by });
  }

  private async sale({ by, lane, key, digest }: Operation & { type: 'sale' }): Promise<void> {
    const expected = this.model.outcomeOfSale(key, digest);
    const job = { ...this.job('transaction', lane), key: { value: key, digest, ifTaken } };
    const { id, outcome } = await this.hosts[by]!.ask('submit', job);
    expect(outcome).toBe(expected);
    this.submitted(this.model.add({ id, lane, kind: 'transaction', key }), outcome);
    if (outcome === null) this.model.hold('transaction', key, { digest, lane, id });
  }

  private async refund({ by, key }: Operation & { type: 'refund' }): Promise<void> {
    const expected = this.model.outcomeOfRefund(key);
    const saleLane = this.model.laneOfSale(key);
    const lane = saleLane ?? `refund of ${key}`;
    const job = {
      ...this.job('refund', `refund of ${key}`),
      key: { value: key, digest: '', ifTaken },
      withdraws: { kind: 'transaction', key },
    };
    const { id, outcome } = await this.hosts[by]!.ask('submit', job);
    expect(outcome).toBe(expected);
    this.submitted(this.model.add({ id, lane, kind: 'refund', key }), outcome);
    if (outcome !== null) return;
    this.model.hold('refund', key, { digest: '', lane, id });
    this.model.hold('transaction', key, { digest: null, lane, id });
  }

  private submitted(job: ModelJob, outcome: string | null): void {
    if (outcome === null) this.model.free(job, this.now());
    else this.model.end(job, outcome);
  }

  private async release(by: ProcessNumber, job: ModelJob): Promise<void> {
    await this.hosts[by]!.ask('release', job.id);
    this.model.free(job, 0);
  }

  private async discard({ by, nth }: { by: ProcessNumber; nth: number }): Promise<void> {
    const job = this.model.jobs[nth % this.model.jobs.length];
    if (!job) return;
    const held = job.state === 'held' && job.by === by;
    expect(await this.hosts[by]!.ask('discard', job.id)).toBe(held);
    if (held) this.model.end(job, 'discarded');
  }

  private async claim(by: ProcessNumber, max: number): Promise<ModelJob[]> {
    const jobs = await this.hosts[by]!.ask('claim', max);
    expect(jobs.length).toBeLessThanOrEqual(max);
    return jobs.map((job) => {
      expect([job.id, this.model.objectionTo(job.id, this.now())]).toEqual([job.id, null]);
      const known = this.model.jobs.find(({ id }) => id === job.id)!;
      const { lane, kind, attempts, progress } = known;
      // Where it was handed in; a refund goes into its sale's lane.
      const payload = `{"of":"${kind === 'refund' ? `refund of ${known.key}` : lane}"}`;
      expect(job).toMatchObject({ lane, kind, attempts, payload });
      expect(job.progress ?? null).toBe(progress);
      this.jobs.set(job.id, job);
      known.state = 'claimed';
      known.by = by;
      return known;
    });
  }

  private async note(by: ProcessNumber, job: ModelJob): Promise<void> {
    const progress = `${job.id} ${Math.random()}`;
    expect(await this.hosts[by]!.ask('note', this.jobs.get(job.id)!, progress)).toBe(true);
    job.progress = progress;
  }

  private async settle(by: ProcessNumber, job: ModelJob, freesKey: boolean): Promise<void> {
    const verdict = { type: 'settled', outcome: 'attributed', freesKey } as const;
    // Another process can't.
    const other = this.hosts[1 - by]!;
    expect(await other.ask('settle', this.jobs.get(job.id)!, verdict)).toBe(false);
    expect(await this.hosts[by]!.ask('settle', this.jobs.get(job.id)!, verdict)).toBe(true);
    if (freesKey) this.model.freeKeysOf(job.id);
    this.model.end(job, 'attributed');
  }

  private async fail(job: ModelJob, { by, delayMs, as }: Operation & { type: 'fail' }) {
    const failure: Failure = {
      reason: '503',
      delayMs,
      maxAgeMs: as === 'attempt' ? 100 * YEAR_MS : 0,
      testing: false,
      jobOnly: true,
      waiting: as === 'wait',
    };
    const found = await this.hosts[by]!.ask('fail', this.jobs.get(job.id)!, failure);
    expect(found).toBe(as === 'dead' ? 'dead' : 'postponed');
    if (as === 'dead') {
      job.state = 'dead';
      job.by = null;
      this.model.dead += 1;
      return;
    }
    this.model.free(job, this.now() + delayMs);
    if (as === 'attempt') job.attempts += 1;
  }

  private async handBack(by: ProcessNumber): Promise<void> {
    const claimed = this.model.of(by, 'claimed');
    await this.hosts[by]!.ask(
      'handBack',
      claimed.map(({ id }) => this.jobs.get(id)!),
    );
    for (const job of claimed) this.model.free(job, this.now());
  }

  private async crash(by: ProcessNumber): Promise<void> {
    await this.hosts[by]!.kill();
    this.model.release(by);
    this.hosts[by] = await this.startHost();
    await this.hosts[by].ask('clock', this.clockMs);
  }

  private async setClock(offsetMs: number): Promise<void> {
    this.clockMs = offsetMs;
    await Promise.all(this.hosts.map((host) => host.ask('clock', offsetMs)));
  }

  private async replay(lane: string | null): Promise<void> {
    const dead = this.model.jobs.filter(
      (job) => job.state === 'dead' && (lane === null || job.lane === lane),
    );
    const filter = lane === null ? {} : { customerKey: lane };
    expect(await this.hosts[0]!.ask('replay', filter)).toBe(dead.length);
    for (const job of dead) {
      this.model.free(job, 0);
      this.model.dead -= 1;
      job.attempts = 0;
    }
  }

  private async forget(lane: string): Promise<void> {
    const known = this.model.jobs.filter((job) => job.lane === lane && job.state !== 'forgotten');
    const idle = known.filter(({ by }) => by === null);
    // What a process has at hand, only it can forget.
    const one = await this.hosts[0]!.ask('forget', lane);
    const two = await this.hosts[1]!.ask('forget', lane);
    expect(one.forgotten + two.forgotten).toBe(idle.length);
    expect(two.underWay).toBe(known.length - idle.length);
    for (const job of idle) {
      if (job.state === 'free') this.model.end(job, 'discarded');
      this.model.freeKeysOf(job.id);
      job.state = 'forgotten';
    }
  }

  /** Does something to one of a process's jobs, if there is one. */
  private async with(
    { by, nth }: { by: ProcessNumber; nth: number },
    state: 'held' | 'claimed',
    work: (job: ModelJob) => Promise<void>,
  ): Promise<void> {
    const jobs = this.model.of(by, state);
    if (jobs.length > 0) await work(jobs[nth % jobs.length]!);
  }

  private job(kind: string, lane: string) {
    const payload = `{"of":"${lane}"}`;
    return { kind, lane, referralKey: 'ann', payload, acceptedAt: Date.now() };
  }

  private now(): number {
    return Date.now() + this.clockMs;
  }
}

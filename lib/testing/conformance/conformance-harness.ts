import assert from 'node:assert/strict';
import type { DeliveryControl } from '../../outbox/delivery.js';
import type { HistoryEntry, JobCounts, OutboxStats } from '../../outbox/history.js';
import type { NewJob } from '../../outbox/job.js';
import type { OutboxEngine } from '../../outbox/outbox-engine.js';
import type { ConformanceStore } from './conformance-options.js';
import { type DeliverySettings, failed, ScriptedPartnero } from './scripted-partnero.js';

/** For an engine to do something that it must not do. Milliseconds. */
const QUIET_MS = 80;
const POLL_MS = 8;

const SETTINGS: DeliverySettings = {
  concurrency: 10,
  maxAgeMs: 86_400_000,
  initialBackoffMs: 5,
  maxBackoffMs: 40,
  requestsPerMinute: undefined,
};

type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

interface Member {
  readonly program: string;
  control?: DeliveryControl;
}

/** A fresh store, engines on it, and the Partnero that they deliver to. */
export class ConformanceHarness {
  partnero!: ScriptedPartnero;
  store!: ConformanceStore;
  /** Opened, for the program `default`; delivers nothing before `start`. */
  engine!: OutboxEngine;
  /** Those that are open. */
  private readonly members = new Map<OutboxEngine, Member>();

  constructor(
    private readonly make: () => ConformanceStore | Promise<ConformanceStore>,
    private readonly timeoutMs: number,
    readonly exactCounts: boolean,
  ) {}

  async begin(): Promise<void> {
    this.partnero = new ScriptedPartnero();
    this.store = await this.make();
    this.engine = await this.open();
  }

  async end(): Promise<void> {
    const engines = [...this.members.keys()];
    try {
      for (const { control } of this.members.values()) await control?.drain(this.timeoutMs);
      this.partnero.verify();
      for (const each of engines) assertAddsUp(await each.stats());
    } finally {
      for (const each of engines) await this.close(each);
      await this.store.dispose?.();
    }
  }

  /** Another engine on the store. */
  async open(program = 'default'): Promise<OutboxEngine> {
    const engine = this.store.definition().create({
      program,
      historyDays: 90,
      acceptTimeoutMs: this.timeoutMs,
      log: { log() {}, warn() {}, error() {} },
    });
    this.members.set(engine, { program });
    await engine.open();
    return engine;
  }

  start(settings: Partial<DeliverySettings> = {}, engine = this.engine): DeliveryControl {
    const member = this.memberOf(engine);
    const all = { ...SETTINGS, ...settings };
    member.control = engine.start(this.partnero.delivery(engine, member.program, all));
    return member.control;
  }

  /** Closes without `drain`, as if the app had no time left. */
  async close(engine = this.engine): Promise<void> {
    if (!this.members.delete(engine)) return;
    this.partnero.abandon(engine);
    await engine.close();
  }

  /** Closes the engine and opens another one in its place. */
  async restart(): Promise<void> {
    await this.memberOf(this.engine).control?.drain(this.timeoutMs);
    await this.close();
    this.engine = await this.open();
  }

  job(orderingKey: string, label = orderingKey, more: Partial<NewJob> = {}): NewJob {
    const payload = JSON.stringify({ label, program: 'default' });
    const job = { name: 'attribution', orderingKey, referralKey: 'ann', queuedAt: Date.now() };
    return { ...job, payload, ...more };
  }

  /** Enqueues and releases. */
  async add(orderingKey: string, label?: string, engine = this.engine): Promise<string> {
    const { program } = this.memberOf(engine);
    const payload = JSON.stringify({ label: label ?? orderingKey, program });
    const id = await engine.enqueue(this.job(orderingKey, label, { payload }));
    engine.release(id);
    return id;
  }

  async addAll(orderingKeys: readonly string[], engine = this.engine): Promise<string[]> {
    return Promise.all(orderingKeys.map((key) => this.add(key, key, engine)));
  }

  /** Waits until `check` returns something true, and returns that. */
  async eventually<T>(what: string, check: () => T | Promise<T>): Promise<Truthy<T>> {
    const end = performance.now() + this.timeoutMs;
    for (;;) {
      const value = await check();
      if (value) return value as Truthy<T>;
      if (performance.now() > end) assert.fail(`after ${this.timeoutMs} ms, not so yet: ${what}`);
      await sleep(POLL_MS);
    }
  }

  /** Waits until no job is pending. */
  async idle(engine = this.engine): Promise<OutboxStats> {
    return this.eventually('no job is pending', async () => {
      const stats = await engine.stats();
      return stats.pending === 0 && stats;
    });
  }

  /** Waits until so many jobs ended. */
  async ended(count: number): Promise<void> {
    await this.eventually(`${count} jobs ended`, () => this.partnero.ends.length >= count);
  }

  async started(label: string, nth = 1): Promise<void> {
    await this.eventually(
      `attempt ${nth} of ${label} has started`,
      () => this.partnero.attemptsOf(label).length >= nth,
    );
  }

  /** Waits until a job that was added last is delivered, and then a moment more. */
  async quiet(engine = this.engine): Promise<void> {
    const label = `last-${Math.random()}`;
    await this.add(label, label, engine);
    await this.started(label);
    await sleep(QUIET_MS);
  }

  private memberOf(engine: OutboxEngine): Member {
    const member = this.members.get(engine);
    assert.ok(member, 'the engine is closed');
    return member;
  }

  assertUnsent(...labels: string[]): void {
    for (const label of labels) {
      assert.equal(this.partnero.attemptsOf(label).length, 0, `${label} was delivered`);
    }
  }

  async deadLetters(engine = this.engine): Promise<HistoryEntry[]> {
    const entries: HistoryEntry[] = [];
    for await (const entry of engine.deadLetters()) entries.push(entry);
    return entries;
  }

  /** Moves these jobs to the dead letters, one after the other. Needs `start({ maxAgeMs: 1 })`. */
  async makeDead(...jobs: [orderingKey: string, label: string][]): Promise<string[]> {
    const { script } = this.partnero;
    const ids: string[] = [];
    for (const [orderingKey, label] of jobs) {
      this.partnero.script = (attempt) => (attempt.label === label ? failed(5) : script(attempt));
      ids.push(await this.add(orderingKey, label));
      await this.eventually(`${label} is dead`, () => this.partnero.endsOf(label).length > 0);
    }
    this.partnero.script = script;
    return ids;
  }
}

/** `'0'`, `'1'`, … */
export const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}`);

export const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, ms));

export function assertAddsUp({ jobs, ...stats }: OutboxStats): void {
  for (const [name, counts] of [['all', stats], ...Object.entries(jobs)] as const) {
    const sum = Object.values(counts.outcomes).reduce((total, n) => total + n, 0);
    assert.equal(counts.queued, sum + counts.dead + counts.pending, `${name} doesn't add up`);
  }
  const total = (of: keyof Omit<JobCounts, 'outcomes'>) =>
    Object.values(jobs).reduce((sum, counts) => sum + counts[of], 0);
  for (const of of ['queued', 'pending', 'dead'] as const) {
    assert.equal(total(of), stats[of], `${of} of all job names`);
  }
}

/** As JSON says it: objects that an engine got from another thread have other prototypes. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify([value]));

export function assertSame(actual: unknown, expected: unknown): void {
  assert.deepEqual(plain(actual), plain(expected));
}

/** Compares those fields that `expected` has. */
export function assertMatches(actual: object, expected: object): void {
  const fields = actual as Record<string, unknown>;
  const found = Object.keys(expected).map((name) => [name, fields[name]]);
  assertSame(Object.fromEntries(found), expected);
}

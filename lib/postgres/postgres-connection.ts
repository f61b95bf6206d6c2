import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import type { NewJob } from '../outbox/job.js';
import type { OutboxLog } from '../outbox/outbox-engine.js';
import { Batcher, runBatch } from '../outbox/sql/batcher.js';
import { checkKeys } from '../outbox/sql/check-keys.js';
import { postgresDialect } from '../outbox/sql/dialect.js';
import type {
  Args,
  Operation,
  OperationName,
  OperationResult,
  Reply,
  StoreFailure,
} from '../outbox/sql/operations.js';
import { Heartbeat, HEARTBEAT_MS, newOwner } from '../outbox/sql/owners.js';
import { SqlStore } from '../outbox/sql/sql-store.js';
import { statements, type Statements } from '../outbox/sql/statements.js';
import type { StoreConnection, StoreListener } from '../outbox/sql/store-connection.js';
import { StoreError } from '../outbox/sql/store.error.js';
import { uuid7 } from '../outbox/uuid7.js';
import { joinTransaction } from './app-transaction.js';
import { transact } from './bounded-transaction.js';
import { howToMigrate, migrate, status } from './migrations.js';
import { isPermanent, PostgresOutboxError } from './postgres-error.js';
import type { PostgresSettings } from './postgres.options.js';

/** The tables, or the schema, aren't there. */
const MISSING = new Set(['42P01', '3F000']);
/** The data of one job are refused, and those of others needn't be. */
const DATA_REFUSED = /^(2[123]|54)/;

/** One program's connection to its tables. It makes them first, and again after they were dropped. */
export class PostgresConnection implements StoreConnection {
  private readonly identity = newOwner();
  private readonly sql: Statements;
  private readonly batcher = new Batcher((operations) => this.runBatch(operations));
  private readonly listeners = new Set<StoreListener>();
  private preparing: Promise<void> | undefined;
  private isPrepared = false;
  private isRegistered = false;
  private readonly heartbeat = new Heartbeat((some) => this.run(some), this.identity, -Infinity);
  private ticker: NodeJS.Timeout | undefined;
  private isTicking = false;
  private isClosed = false;

  constructor(
    private readonly settings: PostgresSettings,
    private readonly log: OutboxLog,
  ) {
    this.sql = statements(postgresDialect(settings.schema));
  }

  get owner(): string {
    return this.identity.token;
  }

  /** Starts while PostgreSQL is away; not with an address, a privilege or a schema that is wrong. */
  async open(): Promise<void> {
    try {
      await this.prepare();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (isPermanent(error)) throw new PartneroConfigurationError(error.message);
      this.tell((listener) => listener.onProblem(error));
    }
    this.ticker ??= setInterval(() => void this.tick(), HEARTBEAT_MS).unref();
  }

  call<N extends OperationName>(name: N, program: string, args: Args<N>): Promise<Reply<N>> {
    if (this.isClosed) return Promise.reject(new StoreError({ code: 'CLOSED', message: '' }));
    return this.batcher.call(name, program, args);
  }

  /** Saves a job, released, in the app's own transaction. Nobody waits for that one. */
  async enqueueIn(transaction: unknown, program: string, job: NewJob): Promise<string> {
    checkKeys(job);
    const id = job.id ?? uuid7();
    const operation = { name: 'enqueue', program, args: { ...job, id, owner: null } } as const;
    await joinTransaction(this.settings.executor, transaction, (tx) =>
      new SqlStore(tx, this.sql, id).run([operation]),
    );
    return id;
  }

  subscribe(listener: StoreListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async close(): Promise<void> {
    clearInterval(this.ticker);
    this.isClosed = true;
    const { token } = this.identity;
    // If that fails, the jobs are free once this process has been silent for long enough.
    await this.run([{ name: 'unregister', program: '', args: { token } }]).catch(() => {});
    await this.settings.executor.close?.();
  }

  private runBatch(operations: Operation[]): Promise<OperationResult[]> {
    return runBatch(
      operations,
      (some) => this.transact(some),
      (error) => ({ ok: false, failure: toFailure(error) }),
      ({ failure }) => DATA_REFUSED.test(failure.code),
    );
  }

  private async transact(operations: Operation[]): Promise<unknown[]> {
    try {
      await this.prepare();
      return await this.run(operations);
    } catch (error) {
      if (!(error instanceof StoreError) || !MISSING.has(error.reason)) throw error;
    }
    this.isPrepared = false;
    await this.prepare();
    return this.run(operations);
  }

  private run(operations: Operation[]): Promise<unknown[]> {
    return transact(this.settings.executor, (tx) => new SqlStore(tx, this.sql).run(operations));
  }

  /** After a silence, others may have taken this process for ended: then it registers again first. */
  private prepare(): Promise<void> {
    if (this.isPrepared && !this.heartbeat.wasSilent) return Promise.resolve();
    this.preparing ??= this.prepareTables().finally(() => (this.preparing = undefined));
    return this.preparing;
  }

  private async prepareTables(): Promise<void> {
    const { executor, schema, migrate: mayMigrate } = this.settings;
    const all = await transact(executor, (tx) => status(tx, schema));
    if (all.some(({ appliedAt }) => appliedAt === null)) {
      if (!mayMigrate) throw new PartneroConfigurationError(howToMigrate(schema));
      await migrate(executor, schema);
      if (this.isRegistered) this.log.error(wasDropped(schema));
    }
    await this.sweep();
    this.isPrepared = true;
  }

  private async tick(): Promise<void> {
    if (this.isTicking || this.isClosed) return;
    this.isTicking = true;
    try {
      await this.prepare();
      await this.sweep();
    } catch (error) {
      this.tell((listener) => listener.onProblem(error as Error));
    } finally {
      this.isTicking = false;
    }
  }

  private async sweep(): Promise<void> {
    const sweep = await this.heartbeat.beat();
    if (!sweep.wasAlive && this.isRegistered) {
      this.tell((listener) => listener.onLeaseLost());
      // The tables may be new ones.
      this.tell((listener) => listener.onReset());
    }
    if (sweep.recovered > 0) this.tell((listener) => listener.onJobs());
    this.isRegistered = true;
  }

  private tell(about: (listener: StoreListener) => void): void {
    for (const listener of this.listeners) about(listener);
  }
}

function toFailure(error: unknown): StoreFailure {
  if (error instanceof PostgresOutboxError) return error.failure;
  const { message } = error as Error;
  if (error instanceof PartneroConfigurationError) return { code: 'NOT_MIGRATED', message };
  return { code: 'UNKNOWN', message };
}

function wasDropped(schema: string): string {
  return (
    `The outbox's tables in the schema "${schema}" of PostgreSQL were dropped while the app ran, and with ` +
    'them all jobs that Partnero had not received. They were created again.'
  );
}

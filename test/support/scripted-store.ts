import { join } from 'node:path';
import type { OutboxEngine } from '#lib/outbox/outbox-engine.js';
import { Batcher } from '#lib/outbox/sql/batcher.js';
import type { Args, Operation, OperationName, Reply } from '#lib/outbox/sql/operations.js';
import { SqlOutbox } from '#lib/outbox/sql/sql-outbox.js';
import type { StoreConnection } from '#lib/outbox/sql/store-connection.js';
import { StoreError } from '#lib/outbox/sql/store.error.js';
import { OutboxFile } from '#lib/outbox/sqlite/outbox-file.js';
import { temporaryFolder } from './temporary-folder.js';

/** `refused`: it isn't saved. `reply lost`: it is saved, and the caller doesn't learn of it. */
type Trouble = 'refused' | 'reply lost' | undefined;

/** A SQL store in this process, whose operations fail as a test wants. */
export class ScriptedStore implements StoreConnection {
  readonly owner = 'this process';
  trouble: (operation: Operation) => Trouble = () => undefined;
  before: (operation: Operation) => Promise<void> | void = () => {};
  private readonly path = join(temporaryFolder(), 'outbox.db');
  private readonly file = OutboxFile.open({
    path: this.path,
    synchronous: 'normal',
    workerPath: '',
  });
  private last: Promise<unknown> = Promise.resolve();
  private readonly batcher = new Batcher(async (operations) => {
    for (const each of operations) await this.before(each);
    const values = this.last.then(() => this.run(operations));
    this.last = values.catch(() => {});
    return (await values).map((value) => ({ ok: true, value }));
  });

  outbox(): OutboxEngine {
    const log = { log() {}, warn() {}, error() {} };
    const context = { program: 'default', historyDays: 90, acceptTimeoutMs: 250, log };
    return new SqlOutbox(this.path, this, context);
  }

  /** The ordering keys of pending jobs that the process owns. */
  get owned(): unknown[] {
    const sql = 'SELECT ordering FROM jobs WHERE state = 0 AND owner IS NOT NULL ORDER BY seq';
    return this.file.query(sql, []).map(({ ordering }) => ordering);
  }

  async open(): Promise<void> {}

  call<N extends OperationName>(name: N, program: string, args: Args<N>): Promise<Reply<N>> {
    return this.batcher.call(name, program, args);
  }

  subscribe(): () => void {
    return () => {};
  }

  async close(): Promise<void> {
    this.file.close();
  }

  private async run(operations: Operation[]): Promise<unknown[]> {
    const troubles = new Set(operations.map((each) => this.trouble(each)));
    if (troubles.has('refused')) throw failure(false);
    this.file.now = Date.now();
    const values = await this.file.transaction(() => this.file.store.run(operations));
    if (troubles.has('reply lost')) throw failure(true);
    return values;
  }
}

function failure(mayBeSaved: boolean): StoreError {
  return new StoreError({ code: '08006', message: 'the connection was lost', mayBeSaved });
}

import { errorMessage } from '../../common/error-message.js';
import type { Args, Operation, OperationName, Reply } from '../sql/operations.js';
import { SqlOutbox } from '../sql/sql-outbox.js';
import type { StoreConnection } from '../sql/store-connection.js';
import { OutboxFile, SQL } from './outbox-file.js';

/** There is no outbox file at that path, or none that this version can use. */
export class HistoryFileError extends Error {
  override readonly name = 'HistoryFileError';
}

/**
 * An outbox file without an app: to look into it, to requeue and to forget. An app may be using it
 * meanwhile. Makes no file, delivers nothing and takes nothing over.
 */
export class HistoryFile {
  private constructor(private readonly file: OutboxFile) {}

  /** @throws HistoryFileError */
  static open(path: string): HistoryFile {
    try {
      const file = OutboxFile.openExisting(path);
      if (file) return new HistoryFile(file);
    } catch (error) {
      throw new HistoryFileError(`${path} can't be used: ${errorMessage(error)}.`);
    }
    throw new HistoryFileError(
      `There is no outbox at ${path}: no app has used it yet. The app's log names its file at boot: run ` +
        'this command in the same folder, or pass --file.',
    );
  }

  get programs(): string[] {
    return this.file.query(SQL.programs, []).map(({ name }) => String(name));
  }

  of(program: string): SqlOutbox {
    const log = { log() {}, warn() {}, error() {} };
    const context = { program, historyDays: undefined, acceptTimeoutMs: 0, log };
    return new SqlOutbox(this.file.path, this.connection, context);
  }

  close(): void {
    this.file.close();
  }

  private readonly connection: StoreConnection = {
    owner: '',
    open: () => Promise.resolve(),
    call: (name, program, args) => this.run(name, program, args),
    subscribe: () => () => {},
    close: () => Promise.resolve(),
  };

  private async run<N extends OperationName>(name: N, program: string, args: Args<N>) {
    this.file.now = Date.now();
    const operation = { name, program, args } as Operation;
    const [reply] = await this.file.transaction(() => this.file.store.run([operation]));
    return reply as Reply<N>;
  }
}

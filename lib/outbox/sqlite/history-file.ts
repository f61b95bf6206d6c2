import { sumCounters } from '../job-counts.js';
import type { Forgotten, HistoryEntry, JobCounts, RequeueFilter } from '../history.js';
import type { Args, Operation, OperationName, Reply } from '../sql/operations.js';
import { toDate, toEntry, toFilter } from '../sql/stored-values.js';
import { OutboxFile, SQL } from './outbox-file.js';

const PAGE = 200;

/** There is no outbox file at that path, or none that this version can use. */
export class HistoryFileError extends Error {
  override readonly name = 'HistoryFileError';
}

/** What a file says of one program. */
export interface FileStats extends JobCounts {
  readonly program: string;
  readonly jobs: Readonly<Record<string, JobCounts>>;
  readonly oldestPendingAt: Date | null;
}

/**
 * An outbox file without an app. An app may be using it meanwhile. Makes no file, delivers nothing and
 * takes nothing over.
 */
export class HistoryFile {
  private constructor(private readonly file: OutboxFile) {}

  /** @throws HistoryFileError */
  static open(path: string): HistoryFile {
    try {
      const file = OutboxFile.openExisting(path);
      if (file) return new HistoryFile(file);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown error';
      throw new HistoryFileError(`${path} can't be used: ${why}.`);
    }
    throw new HistoryFileError(`There is no outbox at ${path}: no app has used it yet.`);
  }

  get programs(): string[] {
    return this.file.query(SQL.programs, []).map(({ name }) => String(name));
  }

  async stats(program: string): Promise<FileStats> {
    const { counters, oldestPendingAt } = await this.run('stats', program, {});
    return { program, ...sumCounters(counters), oldestPendingAt: toDate(oldestPendingAt) };
  }

  async find(program: string, orderingKey: string): Promise<HistoryEntry[]> {
    return (await this.run('find', program, { orderingKey })).map(toEntry);
  }

  async *deadLetters(program: string): AsyncGenerator<HistoryEntry> {
    for (let after = 0; ;) {
      const page = await this.run('deadLetters', program, { after, limit: PAGE });
      yield* page.map(toEntry);
      const last = page.at(-1);
      if (!last) return;
      after = last.seq;
    }
  }

  async requeue(program: string, filter: RequeueFilter): Promise<number> {
    const stored = toFilter(filter);
    return stored ? this.run('requeue', program, stored) : 0;
  }

  forget(program: string, orderingKey: string): Promise<Forgotten> {
    return this.run('forget', program, { orderingKey });
  }

  close(): void {
    this.file.close();
  }

  private async run<N extends OperationName>(name: N, program: string, args: Args<N>) {
    this.file.now = Date.now();
    const operation = { name, program, args } as Operation;
    const [reply] = await this.file.transaction(() => this.file.store.run([operation]));
    return reply as Reply<N>;
  }
}

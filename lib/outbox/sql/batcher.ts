import type { Args, Operation, OperationName, OperationResult, Reply } from './operations.js';
import { StoreError } from './store.error.js';

interface Waiting {
  readonly operation: Operation;
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** More than this behind a store that hangs is refused rather than kept in memory. */
const MAX_WAITING = 10_000;
/** While one batch is being committed, the next is on its way. */
const MAX_COMMITS = 2;
/** PostgreSQL takes a lock per customer, from a table of limited size. */
const MAX_BATCH = 500;

/** Group commit: all that arrives while earlier commits run goes into the next one. */
export class Batcher {
  #waiting: Waiting[] = [];
  private commits = 0;
  private scheduled = false;

  constructor(private readonly run: (operations: Operation[]) => Promise<OperationResult[]>) {}

  call<N extends OperationName>(name: N, program: string, args: Args<N>): Promise<Reply<N>> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING) {
        return reject(new StoreError({ code: 'BACKLOG', message: '' }));
      }
      const operation = { name, program, args } as Operation;
      this.#waiting.push({ operation, resolve, reject });
      this.schedule();
    });
  }

  /** Without timers of Node.js's, which an app's tests may replace. */
  private schedule(): void {
    if (this.scheduled || this.commits >= MAX_COMMITS) return;
    this.scheduled = true;
    void Promise.resolve().then(() => {
      this.scheduled = false;
      return this.commit();
    });
  }

  private async commit(): Promise<void> {
    const batch = this.#waiting.splice(0, MAX_BATCH);
    if (batch.length === 0) return;
    this.commits += 1;
    if (this.#waiting.length > 0) this.schedule();
    try {
      const results = await this.run(batch.map(({ operation }) => operation));
      for (const [i, result] of results.entries()) settle(batch[i]!, result);
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    } finally {
      this.commits -= 1;
      if (this.#waiting.length > 0) this.schedule();
    }
  }
}

function isNew({ name }: Operation): boolean {
  return name === 'enqueue';
}

function settle({ resolve, reject }: Waiting, result: OperationResult): void {
  if (result.ok) resolve(result.value as never);
  else reject(new StoreError(result.failure));
}

/**
 * Runs a batch in one transaction. If that fails, one of the operations may be to blame, such as a write
 * on a full disk: then the new jobs go together, and the others one by one.
 */
export async function runBatch(
  operations: Operation[],
  transact: (operations: Operation[]) => Promise<unknown[]>,
  toResult: (error: unknown) => OperationResult & { ok: false },
  isWorthSplitting: (result: OperationResult & { ok: false }) => boolean,
): Promise<OperationResult[]> {
  const attempt = async (some: Operation[]): Promise<OperationResult[]> => {
    try {
      const values = await transact(some);
      return values.map((value) => ({ ok: true, value }));
    } catch (error) {
      return some.map(() => toResult(error));
    }
  };
  const results = await attempt(operations);
  const [first] = results;
  if (!first || first.ok || operations.length === 1 || !isWorthSplitting(first)) return results;
  const enqueued = operations.some(isNew) ? await attempt(operations.filter(isNew)) : [];
  const again: OperationResult[] = [];
  for (const each of operations) {
    again.push(isNew(each) ? enqueued.shift()! : (await attempt([each]))[0]!);
  }
  return again;
}

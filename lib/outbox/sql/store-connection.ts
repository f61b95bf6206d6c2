import type { Args, OperationName, Reply } from './operations.js';

/** This process's connection to one SQL store. The programs of a process may share one. */
export interface StoreConnection {
  /** The owner of the jobs that this process holds and delivers. */
  readonly owner: string;
  /**
   * Makes the store ready and registers the owner.
   * @throws PartneroConfigurationError if the store can't be used as configured
   */
  open(): Promise<void>;
  /**
   * Runs an operation in the next commit.
   * @throws StoreError
   */
  call<N extends OperationName>(name: N, program: string, args: Args<N>): Promise<Reply<N>>;
  /** Returns a function that ends the subscription. */
  subscribe(listener: StoreListener): () => void;
  /** Unregisters the owner, which frees all that it holds, and closes the connection. */
  close(): Promise<void>;
}

export interface StoreListener {
  /** Jobs became available, of a process that has ended say. */
  onJobs(): void;
  /** Another process took this one for ended: its jobs may be anybody's. */
  onLeaseLost(): void;
  /** The store doesn't work just now. */
  onProblem(error: Error): void;
  /** The tables were made anew: programs must register again. */
  onReset(): void;
}

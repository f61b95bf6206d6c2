import { StorageHealth } from '../storage-health.js';
import type { Args, OperationName, Reply } from './operations.js';
import type { StoreConnection } from './store-connection.js';

/** One program's calls of the store, and whether they work. */
export class StoreCalls {
  constructor(
    private readonly connection: StoreConnection,
    private readonly program: string,
    readonly health: StorageHealth,
  ) {}

  /** The owner of the jobs that this process holds and delivers. */
  get owner(): string {
    return this.connection.owner;
  }

  write<N extends OperationName>(name: N, args: Args<N>): Promise<Reply<N>> {
    return this.health.write(this.call(name, args));
  }

  read<N extends OperationName>(name: N, args: Args<N>): Promise<Reply<N>> {
    return this.health.read(this.call(name, args));
  }

  /** Without a report if it fails. */
  call<N extends OperationName>(name: N, args: Args<N>): Promise<Reply<N>> {
    return this.connection.call(name, this.program, args);
  }
}

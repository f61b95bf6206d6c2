import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { here } from './here.cjs';
import type { FromWalKeeper, ToWalKeeper, WalKeeperSettings } from './wal-keeper.worker.js';

/** The writer's side of the thread that syncs the log. Without it, only a power cut costs more. */
export class WalKeeper {
  private readonly thread: Worker;
  private told = false;

  constructor(path: string, onIdle: () => void) {
    const workerData: WalKeeperSettings = { path };
    this.thread = new Worker(join(here, 'wal-keeper.worker.js'), {
      workerData,
      name: 'partnero-outbox-sync',
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.thread.unref();
    this.thread.on('message', (message: FromWalKeeper) => {
      if (message === 'synced') this.told = false;
      if (message === 'idle') onIdle();
    });
    // SQLite checkpoints by itself when this thread doesn't; a second failure would say no more.
    this.thread.on('error', () => {});
  }

  written(): void {
    if (this.told) return;
    this.told = true;
    this.post('written');
  }

  /** Resolves when the thread has let go of the file. */
  close(): Promise<unknown> {
    this.post('close');
    return new Promise((resolve) => this.thread.once('exit', resolve));
  }

  private post(message: ToWalKeeper): void {
    this.thread.postMessage(message);
  }
}

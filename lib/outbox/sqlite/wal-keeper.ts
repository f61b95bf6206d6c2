import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { here } from './here.cjs';
import type { FromWalKeeper, ToWalKeeper, WalKeeperSettings } from './wal-keeper.worker.js';

const IDLE_MS = 1_000;

/** The writer's side of the thread that syncs the log. Without it, only a power cut costs more. */
export class WalKeeper {
  private readonly thread: Worker;
  private readonly ended: Promise<unknown>;
  private hasEnded = false;
  private told = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    path: string,
    private readonly onIdle: () => void,
  ) {
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
    // Out of file descriptors, say. What it did is then done by `written`.
    this.thread.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.thread.once('exit', () => {
        this.hasEnded = true;
        resolve(undefined);
      });
    });
  }

  written(): void {
    if (this.hasEnded) return this.idleSoon();
    if (this.told) return;
    this.told = true;
    this.post('written');
  }

  /** Resolves when the thread has let go of the file. */
  close(): Promise<unknown> {
    clearTimeout(this.timer);
    this.post('close');
    return this.ended;
  }

  private idleSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onIdle, IDLE_MS).unref();
  }

  private post(message: ToWalKeeper): void {
    this.thread.postMessage(message);
  }
}

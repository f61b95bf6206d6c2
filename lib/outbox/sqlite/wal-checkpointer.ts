import { Worker } from 'node:worker_threads';
import type { CheckpointedFile, WorkerStart } from './worker-messages.js';

const IDLE_MS = 1_000;
/** Without the thread, the log is emptied after so long, however busy the app is. */
const BUSY_MS = 60_000;

export type ToCheckpointer = 'written' | 'close';
export type FromCheckpointer = 'synced' | 'idle';

/** The writer's side of the thread that syncs the log. Without it, only a power cut costs more. */
export class WalCheckpointer {
  private readonly thread: Worker;
  private readonly ended: Promise<unknown>;
  private hasEnded = false;
  private isNotified = false;
  private timer: NodeJS.Timeout | undefined;
  private idleAt = performance.now();

  constructor(
    { path, inode }: CheckpointedFile,
    workerPath: string,
    private readonly onIdle: () => void,
  ) {
    const workerData: WorkerStart = { role: 'checkpointer', path, inode };
    this.thread = new Worker(workerPath, {
      workerData,
      name: 'partnero-outbox-sync',
      execArgv: process.execArgv,
    });
    this.thread.unref();
    this.thread.on('message', (message: FromCheckpointer) => {
      if (message === 'synced') this.isNotified = false;
      if (message === 'idle') onIdle();
    });
    // Out of file descriptors, say. `written` then does what the thread did.
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
    if (this.isNotified) return;
    this.isNotified = true;
    this.post('written');
  }

  /** Resolves when the thread has closed the file. */
  close(): Promise<unknown> {
    clearTimeout(this.timer);
    this.post('close');
    return this.ended;
  }

  private idleSoon(): void {
    clearTimeout(this.timer);
    const ms = performance.now() - this.idleAt > BUSY_MS ? 0 : IDLE_MS;
    this.timer = setTimeout(() => {
      this.idleAt = performance.now();
      this.onIdle();
    }, ms).unref();
  }

  private post(message: ToCheckpointer): void {
    this.thread.postMessage(message);
  }
}

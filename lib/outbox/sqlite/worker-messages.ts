import type { Operation, OperationResult, Owner, StoreFailure } from '../sql/operations.js';

export interface WorkerSettings {
  /** The outbox file. */
  path: string;
  synchronous: 'normal' | 'full';
  /** The file that the thread runs. */
  workerPath: string;
}

/** What the thread is started with. */
export interface WorkerStart {
  settings: WorkerSettings;
  owner: Owner;
}

/** `now` is the time in the main thread, which decides what is due. */
export type ToWorker =
  | { n: number; type: 'open' }
  | { n: number; type: 'run'; operations: Operation[]; now: number }
  | { n: number; type: 'close' };

export type FromWorker =
  | { type: 'reply'; n: number; ok: true; value: unknown }
  | { type: 'reply'; n: number; ok: false; failure: StoreFailure }
  | { type: 'event'; event: WorkerEvent };

/** Something that happened without being asked for. */
export type WorkerEvent =
  | { type: 'recovered' }
  | { type: 'lease_lost' }
  | { type: 'problem'; failure: StoreFailure }
  | { type: 'file_event'; event: FileEvent };

export type OpenReply =
  { opened: true } | { opened: false; failure: StoreFailure; existed: boolean };

export type RunReply = OperationResult[];

/** Something that the owner of the app should know about the file. */
export type FileEvent =
  | { type: 'volatile'; filesystem: string }
  | { type: 'shared_filesystem' }
  | { type: 'readable_by_others'; file: string }
  | { type: 'set_aside'; as: string; saved: number }
  /** `log`: where its log was moved, if it could not be imported. */
  | { type: 'replaced'; saved: number; log: string | null }
  | { type: 'log_replaced'; as: string }
  | { type: 'orphan_log'; as: string };

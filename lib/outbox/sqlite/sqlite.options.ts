import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { OptionCheck } from '../../common/option-check.js';
import { resolveWorkerPath } from './start-worker.js';
import type { WorkerSettings } from './worker-messages.js';

/** Options of `sqliteOutbox()`. */
export interface SqliteOutboxOptions {
  /**
   * The file. Relative paths start at the working directory; the folder is made, private, if it is
   * missing. Default: `PARTNERO_OUTBOX_PATH` in the environment, else `.partnero/outbox.db`.
   */
  path?: string | undefined;
  /**
   * What an accepted job survives. `'normal'`: the end of the process, however it ends; a power cut
   * may cost the last moments. `'full'`: a power cut too, at one disk sync a commit.
   * Default `'normal'`.
   */
  synchronous?: 'normal' | 'full' | undefined;
  /**
   * Of the file `nestjs-partnero/sqlite-worker`, for an app that a bundler has packed into few files: the
   * path of its output. Default: beside this package's own files.
   */
  workerPath?: string | undefined;
}

/** @throws PartneroConfigurationError naming the option */
export function resolveSqliteOptions(
  given: SqliteOutboxOptions | undefined,
  environment: NodeJS.ProcessEnv,
): WorkerSettings {
  const check = new OptionCheck(given, 'sqliteOutbox', ['path', 'synchronous', 'workerPath']);
  const fallback = environment['PARTNERO_OUTBOX_PATH']?.trim() || join('.partnero', 'outbox.db');
  return {
    path: realPath(resolve(check.string('path', fallback))),
    synchronous: check.oneOf('synchronous', ['normal', 'full'], 'normal'),
    workerPath: resolveWorkerPath(check.string('workerPath')),
  };
}

/** SQLite puts its side files beside the file that a symbolic link points to. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // There is no file yet, or it is out of reach, which the boot reports.
    return path;
  }
}

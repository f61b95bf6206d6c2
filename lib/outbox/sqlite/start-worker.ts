import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PartneroConfigurationError } from '../../common/partnero.configuration-error.js';
import { directory } from './directory.cjs';
import type { WorkerStart } from './worker-messages.js';

/**
 * The file that the outbox's thread runs.
 * @throws PartneroConfigurationError if it isn't there, as in a bundle
 */
export function resolveWorkerPath(given: string | undefined): string {
  const folder = directory();
  const own = folder === undefined ? undefined : join(folder, 'sqlite.worker.js');
  const path = given === undefined ? own : resolve(given);
  if (path !== undefined && existsSync(path)) return path;
  throw new PartneroConfigurationError(
    `sqliteOutbox() can't find the file that its thread runs${path === undefined ? '' : ` (${path})`}: the ` +
      'app was probably bundled. Add nestjs-partnero/sqlite-worker as a second entry of the bundle and ' +
      "pass its output's path as sqliteOutbox({ workerPath }), or leave nestjs-partnero out of the bundle.",
  );
}

/** Starts a thread without the app's preloads: one that listens on a port would fail, or be slow. */
export function startWorker(start: WorkerStart): Worker {
  const preloads = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  return new Worker(start.settings.workerPath, {
    workerData: start,
    name: 'partnero-outbox',
    execArgv: ['--disable-warning=ExperimentalWarning', ...yarnPlugAndPlay(preloads)],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

/** Where Yarn keeps packages in archives, nothing can be imported without its own preloads. */
function yarnPlugAndPlay(flags: readonly string[]): string[] {
  return flags.flatMap((flag, i) => {
    const [name = '', value = flags[i + 1] ?? ''] = flag.split('=', 2);
    const isPreload = /^(-r|--require|--import|--(experimental-)?loader)$/.test(name);
    const isYarns = /\.pnp\.(c?js|loader\.mjs)"?$/.test(value);
    return isPreload && isYarns ? [name, value.replaceAll('"', '')] : [];
  });
}

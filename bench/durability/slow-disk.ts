import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

/**
 * Environment of a process to which each sync of a file takes so much longer; `null` where there is
 * no C compiler to make that with.
 */
export function slowDisk(folder: string, ms: number): NodeJS.ProcessEnv | null {
  const library = join(folder, 'slow-sync.so');
  const source = resolve('bench/durability/slow-sync.c');
  const { status } = spawnSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
  return status === 0 ? { LD_PRELOAD: library, SLOW_SYNC_MS: String(ms) } : null;
}

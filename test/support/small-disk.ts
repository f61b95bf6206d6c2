import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

const mounted: string[] = [];

/** A disk of a few megabytes, in memory; `null` where this process may not mount one. */
export function smallDisk(kilobytes = 8_192): string | null {
  const folder = join(temporaryFolder(), 'disk');
  mkdirSync(folder);
  const options = `size=${kilobytes}k,mode=0777`;
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  if (status !== 0) return null;
  mounted.push(folder);
  return folder;
}

export function remount(folder: string, mode: 'ro' | 'rw'): void {
  const { status, stderr } = spawnSync('mount', ['-o', `remount,${mode}`, folder]);
  if (status !== 0) throw new Error(String(stderr));
}

/** For `afterAll`, before the temporary folders are removed. */
export function unmountDisks(): void {
  for (const folder of mounted.splice(0)) spawnSync('umount', ['-l', folder]);
}

import { statfsSync } from 'node:fs';

// `f_type` of statfs(2), as in Linux's magic.h.
const VOLATILE = new Map([
  [0x794c7630, 'overlay'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);
const SHARED = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x01021997, // 9p
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x5346414f, // AFS
]);

export type Filesystem = { kind: 'local' | 'shared' } | { kind: 'volatile'; name: string };

/** What lies under a folder. Elsewhere than on Linux the numbers differ: taken as local. */
export function filesystemOf(folder: string): Filesystem {
  if (process.platform !== 'linux') return { kind: 'local' };
  const type = statfsSync(folder).type >>> 0;
  const name = VOLATILE.get(type);
  if (name) return { kind: 'volatile', name };
  return { kind: SHARED.has(type) ? 'shared' : 'local' };
}

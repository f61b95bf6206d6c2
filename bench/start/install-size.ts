import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../../..');
/** The peers that are no part of every Nest app. */
const PEERS = ['@nestjs/axios', 'axios', 'class-validator', 'class-transformer'];

export interface InstallSize {
  readonly files: number;
  readonly bytes: number;
}

/** What `npm install nestjs-partnero` unpacks. */
export function packageSize(): InstallSize {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const packed = execFileSync('npm', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
  const [{ unpackedSize, entryCount }] = JSON.parse(packed) as [
    { unpackedSize: number; entryCount: number },
  ];
  return { files: entryCount, bytes: unpackedSize };
}

/** The peers and all that they depend on, where the app has none of it yet. */
export function peersSize(): InstallSize {
  const found = new Set<string>();
  const add = (name: string) => {
    const folder = join(root, 'node_modules', name);
    if (found.has(folder) || !existsSync(folder)) return;
    found.add(folder);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const dependency of Object.keys(manifest.dependencies ?? {})) add(dependency);
  };
  for (const peer of PEERS) add(peer);
  const sizes = [...found].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => statSync(join(folder, name)))
      .filter((stats) => stats.isFile())
      .map(({ size }) => size),
  );
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

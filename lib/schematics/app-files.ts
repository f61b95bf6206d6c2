/** What the schematic needs of `Tree` of `@angular-devkit/schematics`. */
export interface Tree {
  read(path: string): Buffer | null;
  exists(path: string): boolean;
  create(path: string, content: string): void;
  overwrite(path: string, content: string): void;
}

interface Manifest {
  readonly [field: string]: Record<string, string> | undefined;
}

/** Changes a text file if `change` does. False if the file is missing, or `change` returns `null`. */
export function editFile(tree: Tree, path: string, change: (text: string) => string | null) {
  const text = tree.read(path)?.toString('utf8');
  if (text === undefined) return false;
  const hasCrLf = text.includes('\r\n');
  const changed = change(text.replaceAll('\r\n', '\n'));
  if (changed === null) return false;
  const result = hasCrLf ? changed.replaceAll('\n', '\r\n') : changed;
  if (result !== text) tree.overwrite(path, result);
  return true;
}

/** Adds a line, unless one matches `present`. Makes the file if there is none. */
export function addLine(tree: Tree, path: string, line: string, present: RegExp): void {
  if (!tree.exists(path)) return tree.create(path, `${line}\n`);
  editFile(tree, path, (text) => {
    if (present.test(text)) return text;
    return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
  });
}

/**
 * Adds the peer dependencies that the app lacks, in the versions for its Nest.
 * @returns whether `package.json` was changed; `null` if the app's Nest isn't known
 */
export function addPeerDependencies(tree: Tree): boolean | null {
  let isChanged = false;
  const isKnown = editFile(tree, '/package.json', (text) => {
    const manifest = JSON.parse(text) as Manifest;
    const nest = nestMajor(tree, manifest);
    if (nest === undefined) return null;
    const present = { ...manifest['devDependencies'], ...manifest['dependencies'] };
    const missing = Object.entries({
      // Version 12 is ESM only: Jest can't load it in an app on Nest 10 or 11.
      '@nestjs/axios': nest < 12 ? '^4.0.0' : '^12.0.0',
      axios: '^1.6.0',
      'class-transformer': '^0.5.1',
      'class-validator': '^0.15.0',
    }).filter(([name]) => !(name in present));
    if (missing.length === 0) return text;
    isChanged = true;
    const all = { ...manifest['dependencies'], ...Object.fromEntries(missing) };
    const dependencies = Object.fromEntries(
      Object.entries(all).toSorted(([one], [two]) => (one < two ? -1 : 1)),
    );
    const [indent = '  '] = /^[ \t]+/m.exec(text) ?? [];
    return `${JSON.stringify({ ...manifest, dependencies }, null, indent)}\n`;
  });
  return isKnown ? isChanged : null;
}

/** The major version that is installed, or else the one that `package.json` asks for. */
function nestMajor(tree: Tree, { dependencies }: Manifest): number | undefined {
  const installed = tree.read('/node_modules/@nestjs/core/package.json')?.toString('utf8');
  const version = installed
    ? (JSON.parse(installed) as { version: string }).version
    : dependencies?.['@nestjs/core'];
  const [major] = /\d+/.exec(version ?? '') ?? [];
  return major === undefined ? undefined : Number(major);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { PAGES } from './pages.js';

/** The source files of the entry points that users import, by `exports` in package.json. */
function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, string | { import: { default: string } }>;
  };
  return Object.values(exports)
    .flatMap((entry) => (typeof entry === 'string' ? [] : [entry.import.default]))
    .filter((file) => file.endsWith('/index.js'))
    .map((file) => file.replace('./dist/esm/', 'lib/').replace(/\.js$/, '.ts'));
}

/** Writes the reference of all exported names, from their TSDoc. */
export async function writeReference(): Promise<void> {
  const options: Partial<TypeDocOptions & PluginOptions> = {
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: entryPoints(),
    tsconfig: 'tsconfig.build.json',
    outputs: [{ name: 'markdown', path: join(PAGES, 'reference') }],
    readme: 'none',
    name: 'TypeScript reference',
    entryFileName: 'index',
    outputFileStrategy: 'members',
    excludeExternals: true,
    excludePrivate: true,
    excludeInternal: true,
    disableSources: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    sanitizeComments: true,
    logLevel: 'Warn',
  };
  const app = await Application.bootstrapWithPlugins(options);
  const project = await app.convert();
  if (!project)
    throw new Error('The TypeScript reference could not be made: see the errors above.');
  // As users import them. TypeDoc calls them by their folders.
  for (const entry of project.children ?? []) {
    entry.name = entry.name === 'index' ? 'nestjs-partnero' : `nestjs-partnero/${entry.name}`;
  }
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error('The TypeScript reference has errors: see above.');
}

import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { join } from 'node:path';
import { PAGES } from './pages.js';

/** The entry points of the package, by the names that users import. */
const ENTRY_POINTS = ['lib', 'lib/health', 'lib/postgres', 'lib/bullmq', 'lib/testing'];

/** Writes the reference of all exported names, from their TSDoc. */
export async function writeReference(): Promise<void> {
  const options: Partial<TypeDocOptions & PluginOptions> = {
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: ENTRY_POINTS.map((folder) => `${folder}/index.ts`),
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
  await app.generateOutputs(project);
  if (app.logger.hasErrors()) throw new Error('The TypeScript reference has errors: see above.');
}

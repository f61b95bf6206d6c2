import { posix } from 'node:path';
import { addLine, addPeerDependencies, editFile, type Tree } from './app-files.js';
import { addCapture, addModuleImport, rootModuleSpecifier } from './source-edits.js';

/** What the Nest CLI passes. */
export interface NestAddOptions {
  /** The folder of `main.ts`. Default `src`. */
  readonly sourceRoot?: string | undefined;
}

/** What the schematic needs of `SchematicContext` of `@angular-devkit/schematics`. */
export interface NestAddContext {
  readonly logger: { info(message: string): void; warn(message: string): void };
  addTask(task: { toConfiguration(): { name: string; options: object } }): unknown;
}

/**
 * The schematic behind `nest add nestjs-partnero`. Leaves a file alone that doesn't look as expected,
 * and says what to add by hand. A second run changes nothing.
 */
export function nestAdd({ sourceRoot = 'src' }: NestAddOptions) {
  return (tree: Tree, context: NestAddContext): void => {
    const byHand: string[] = [];
    const hasNewPeers = addPeerDependencies(tree);
    if (hasNewPeers) installWith(context, packageManagerOf(tree));
    if (hasNewPeers === null) {
      byHand.push(
        'package.json: the packages of the line "npm install" in the README of nestjs-partnero',
      );
    }

    const main = posix.join('/', sourceRoot, 'main.ts');
    const rootModule = rootModuleOf(tree, main);
    if (!editFile(tree, rootModule, addModuleImport)) {
      byHand.push(
        `${rootModule.slice(1)}: PartneroModule.forRoot(), of nestjs-partnero, in the imports of the root module`,
      );
    }
    if (!editFile(tree, main, addCapture)) {
      byHand.push(
        `${main.slice(1)}: app.use(captureReferrals(app)), of nestjs-partnero, after NestFactory.create()`,
      );
    }
    addLine(tree, '/.env.example', 'PARTNERO_API_KEY=', /^[ \t#]*PARTNERO_API_KEY[ \t]*=/m);
    for (const path of ['/.gitignore', '/.dockerignore']) {
      addLine(tree, path, '.partnero', /^\/?\.partnero\/?[ \t]*$/m);
    }

    if (byHand.length > 0) {
      context.logger.warn(
        ["These files don't look as expected. Add by hand:", ...byHand].join('\n  - '),
      );
    }
    context.logger.info(nextSteps(tree));
  };
}

/** The file of the module that `main.ts` starts, or the usual one. */
function rootModuleOf(tree: Tree, main: string): string {
  const folder = posix.dirname(main);
  const specifier = rootModuleSpecifier(tree.read(main)?.toString('utf8') ?? '') ?? './app.module';
  return posix.join(folder, `${specifier.replace(/\.[jt]s$/, '')}.ts`);
}

function packageManagerOf(tree: Tree): string {
  if (tree.exists('/pnpm-lock.yaml')) return 'pnpm';
  if (tree.exists('/yarn.lock')) return 'yarn';
  return tree.exists('/bun.lock') || tree.exists('/bun.lockb') ? 'bun' : 'npm';
}

/** `NodePackageInstallTask`, of a package that only the Nest CLI has. */
function installWith(context: NestAddContext, packageManager: string): void {
  const options = { command: 'install', quiet: true, packageManager };
  context.addTask({ toConfiguration: () => ({ name: 'node-package', options }) });
}

function nextSteps(tree: Tree): string {
  const readsDotenv = tree.read('/package.json')?.toString('utf8').includes('"@nestjs/config"');
  return [
    'Next:',
    '  1. Copy the API key from Partnero (Program > Integration > API) into .env: PARTNERO_API_KEY=…',
    ...(readsDotenv
      ? []
      : [
          '     This app has no @nestjs/config: install it and import ConfigModule.forRoot(), or set',
          '     the variable in another way.',
        ]),
    '     Without an account: npx nestjs-partnero fake --partner ann',
    '  2. Put @AttributeReferral() on the route that creates accounts.',
    '  3. Call app.enableShutdownHooks() in main.ts, so that a deploy waits for running deliveries.',
    'The README of nestjs-partnero shows each step.',
  ].join('\n');
}

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

const read = (name: string) => readFileSync(join(root, name), 'utf8');

export const readme = read('README.md');
/** A page in `docs/`. */
export const page = (name: string): string => read(join('docs', `${name}.md`));

/** The pages that carry a referral key to the sign-up, one for each flow. */
export const guide = [
  'capture-partner-links',
  'subdomains-and-domains',
  'spa-and-mobile',
  'social-login',
  'sign-in-with-apple',
  'magic-links',
  'graphql',
  'auth-libraries',
  'consent',
]
  .map(page)
  .join('\n');

/** README and all pages. */
export const documents = [
  readme,
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => read(join('docs', name))),
].join('\n');

/** The code in README and docs, by the file name in its first line. */
export function snippets(text = documents): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, indent, indented] of text.matchAll(/^( *)```ts\n([\s\S]*?)```/gm)) {
    const code = indented!.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const name = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1];
    if (name === undefined) throw new Error(`No file name in the first line of:\n${code}`);
    if (found.has(name)) throw new Error(`Two snippets are called ${name}`);
    found.set(name, code);
  }
  return found;
}

/** Of the app of a user. */
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noUnusedLocals: true,
  isolatedModules: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: true,
  types: ['node', 'jest'],
};

/** Writes the snippets, and the tests of types. Each spec has a folder of its own: they run at once. */
function writeSnippets(into: string): { folder: string; files: string[] } {
  const folder = join(root, 'dist', into);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = new Map(snippets())
    .set('users.ts', readFileSync(join(root, 'test/readme/users.ts'), 'utf8'))
    .set('types.ts', readFileSync(join(root, 'test/types/programs.ts'), 'utf8'));
  for (const [name, code] of files) writeFileSync(join(folder, name), code);
  return { folder, files: [...files.keys()].map((name) => join(folder, name)) };
}

/** Compiles the snippets strictly. Where to, and what the compiler says. */
export function compileSnippets(into: string): {
  folder: string;
  complaints: string[];
  program: ts.Program;
} {
  const { folder, files } = writeSnippets(into);
  const options = { ...OPTIONS, rootDir: folder, outDir: folder };
  const program = ts.createProgram({ rootNames: files, options });
  const { diagnostics } = program.emit();
  const complaints = [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(
    ({ file, messageText }) =>
      `${file?.fileName.slice(dirname(folder).length)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
  return { folder, complaints, program };
}

/** Makes JavaScript of the snippets, and checks no types. Returns where to. */
export function transpileSnippets(into: string): string {
  const { folder, files } = writeSnippets(into);
  const compilerOptions = { ...OPTIONS, module: ts.ModuleKind.ESNext };
  for (const file of files) {
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions });
    writeFileSync(file.replace(/\.ts$/, '.js'), outputText);
  }
  return folder;
}

/** Names of the properties of a type in a declaration file of the package. */
export function propertiesOf(program: ts.Program, file: string, typeName: string): string[] {
  const type = declaredType(program, file, typeName);
  return program
    .getTypeChecker()
    .getPropertiesOfType(type)
    .map(({ name }) => name);
}

/** The texts in a union type. */
export function membersOf(program: ts.Program, file: string, typeName: string): string[] {
  const type = declaredType(program, file, typeName);
  const members = type.isUnion() ? type.types : [type];
  return members.flatMap((member) => (member.isStringLiteral() ? [member.value] : []));
}

function declaredType(program: ts.Program, file: string, typeName: string): ts.Type {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(root, file));
  const module = source && checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find(({ name }) => name === typeName);
  if (!symbol) throw new Error(`${file} exports no ${typeName}`);
  return checker.getDeclaredTypeOfSymbol(symbol);
}

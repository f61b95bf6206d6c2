// npm run test:mutation [-- --file outbox/relay.ts] [--rule <text>]
// Takes one defence after the other out of a copy of the code, and runs the tests that must notice.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import type { Mutant } from './mutant.js';
import { MUTANTS } from './mutants/index.js';

const { values } = parseArgs({
  options: { file: { type: 'string' }, rule: { type: 'string' } },
});

const copy = mkdtempSync(join(tmpdir(), 'nestjs-partnero-mutants-'));
for (const name of ['dist', 'lib', 'test', 'package.json', 'jest.config.js', 'tsconfig.json']) {
  cpSync(name, join(copy, name), { recursive: true });
}
for (const name of ['tsconfig.test.json', 'README.md']) cpSync(name, join(copy, name));
symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));

const { options } = ts.convertCompilerOptionsFromJson(
  (JSON.parse(readFileSync('tsconfig.test.json', 'utf8')) as { compilerOptions: object })
    .compilerOptions,
  '.',
);

/** Only the mutated file is compiled: the rest of the build stays as it is. */
function compile(source: string): string {
  return ts.transpileModule(source, {
    compilerOptions: {
      ...options,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      sourceMap: false,
    },
  }).outputText;
}

type Result = 'killed' | 'SURVIVED' | 'NOT FOUND' | 'NO TEST';

function tryMutant({ file, find, replace, specs, only }: Mutant): Result {
  const source = readFileSync(join('lib', file), 'utf8');
  if (source.split(find).length !== 2) return 'NOT FOUND';
  const built = join(copy, 'dist/esm', file.replace(/\.ts$/, '.js'));
  const before = readFileSync(built, 'utf8');
  writeFileSync(built, compile(source.replace(find, () => replace)));
  const { status, stderr } = run(specs, only);
  writeFileSync(built, before);
  if (status !== 0) return 'killed';
  return / passed/.test(stderr) ? 'SURVIVED' : 'NO TEST';
}

function run(specs: readonly string[], only?: string) {
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--bail', '--silent'];
  const filter = only === undefined ? [] : ['-t', only];
  // The long ones too.
  const all = ['--testPathIgnorePatterns', '/node_modules/'];
  return spawnSync(process.execPath, [...jest, ...all, '--runTestsByPath', ...specs, ...filter], {
    cwd: copy,
    encoding: 'utf8',
    timeout: 240_000,
  });
}

/** The tests of a spec that some mutant needs; undefined if that is all of them. */
function filterOf(spec: string): string | undefined {
  const names = chosen.filter(({ specs }) => specs.includes(spec)).map(({ only }) => only);
  return names.every((name) => name !== undefined) ? names.join('|') : undefined;
}

const chosen = MUTANTS.filter(
  ({ file, rule }) =>
    (values.file === undefined || file === values.file) && rule.includes(values.rule ?? ''),
);
const results = new Map<Result, number>();
try {
  // A test that fails without a mutant notices nothing.
  const specs = [...new Set(chosen.flatMap((mutant) => mutant.specs))];
  const wanted = Map.groupBy(specs, (spec) => filterOf(spec));
  for (const [filter, those] of wanted) {
    const { status, stderr } = run(those, filter);
    if (status !== 0) throw new Error(`Without any mutant, the tests already fail.\n${stderr}`);
  }
  for (const mutant of chosen) {
    const result = tryMutant(mutant);
    results.set(result, (results.get(result) ?? 0) + 1);
    console.log(`${result.padEnd(9)}  ${mutant.file}: ${mutant.rule}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log([...results].map(([fate, n]) => `${n} ${fate}`).join(', '));
process.exitCode = results.size === 1 && results.has('killed') ? 0 : 1;

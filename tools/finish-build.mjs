// Leaves in both builds what the package's entries and the Nest CLI reach, adds its declarations, and marks one build as
// CommonJS.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const TYPES = 'dist/types';
const IMPORT = /(?:from|import|require)\s*\(?\s*['"](\.[^'"]+)['"]/g;
const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const BUILDS = [
  { folder: 'dist/esm', condition: 'import', commands: Object.values(bin) },
  { folder: 'dist/cjs', condition: 'require', commands: ['dist/cjs/schematics/nest-add.js'] },
];

/** Files, and all that they import. */
function reach(files, toFile = (path) => path) {
  const found = new Set();
  const visit = (file) => {
    if (found.has(file)) return;
    found.add(file);
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      visit(toFile(join(dirname(file), specifier)));
    }
  };
  files.forEach(visit);
  return found;
}

const entries = Object.values(exports).filter((entry) => entry.import);
const types = entries.map((entry) => join(TYPES, relative('dist/esm', entry.import.types)));
const declarations = reach(types, (path) => path.replace(/\.(c?)js$/, '.d.$1ts'));

for (const { folder, condition, commands } of BUILDS) {
  const paths = [...entries.map((entry) => entry[condition].default), ...commands];
  const code = reach(paths.map((path) => join(path)));
  for (const file of readdirSync(folder, { recursive: true })) {
    if (file.endsWith('.js') && !code.has(join(folder, file))) rmSync(join(folder, file));
  }
  for (const file of declarations) copyFileSync(file, join(folder, relative(TYPES, file)));
}
writeFileSync('dist/cjs/package.json', '{"type":"commonjs"}\n');

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MUTANTS } from './mutants/index.js';

it.each(MUTANTS.map(({ rule, file, find }) => [rule, file, find]))(
  'the mutant of "%s" finds its code in %s, once',
  (_, file, find) => {
    expect(readFileSync(join('lib', file), 'utf8').split(find)).toHaveLength(2);
  },
);

it('the specs of all mutants exist', () => {
  const paths = [...new Set(MUTANTS.flatMap(({ specs }) => specs))];
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});

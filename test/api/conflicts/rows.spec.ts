import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const file = fileURLToPath(new URL('../../../docs/partnero-conflicts.md', import.meta.url));

const rows = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => /^\| (?!-|Partnero )/.test(line))
  .map((line) => line.split('|').slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()));

/** Titles of the tests beside this one. */
const tested = readdirSync(here)
  .filter((name) => name !== 'rows.spec.ts')
  .flatMap((name) => [...readFileSync(here + name, 'utf8').matchAll(/^ {2}it\(\s*'([^']+)'/gm)])
  .map(([, title]) => title!);

const sorted = (titles: string[]) => titles.toSorted((a, b) => a.localeCompare(b));

describe('docs/partnero-conflicts.md', () => {
  it('has a row for every test, and a test for every row', () => {
    expect(tested.length).toBeGreaterThan(25);
    expect(sorted(rows.map((cells) => cells[3] ?? ''))).toEqual(sorted(tested));
  });

  it('says what, who and what we do in every row', () => {
    const lacking = rows.filter((cells) => cells.length !== 4 || cells.includes(''));
    expect(lacking).toEqual([]);
  });
});

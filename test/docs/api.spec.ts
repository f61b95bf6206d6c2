import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PartneroProgram } from 'nestjs-partnero';
import { startApi, stopApis } from '../support/api.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { ENDPOINTS } from './endpoints.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(root, 'docs/api.md'), 'utf8');
const rows = [...text.matchAll(/^\| `([A-Z]+ [^`]+)` +\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)].map(
  ([, call = '', method = '', programs = '', marks = '']) => ({ call, method, programs, marks }),
);

const PROGRAMS: PartneroProgram[] = ['affiliate', 'refer-a-friend', 'newsletter'];
/** Resources and their methods: `partners.list`, `ping`. */
const methodsIn = (cell: string) =>
  [...cell.matchAll(/`([\w.]+)`/g)].map(([, name]) => name!.split('.'));
const programsIn = (cell: string) =>
  PROGRAMS.filter((program) => cell.includes(program) || cell.includes('all'));

afterEach(stopApis);

afterAll(removeTemporaryFolders);

describe('docs/api.md', () => {
  const sorted = (calls: readonly string[]) => calls.toSorted((a, b) => a.localeCompare(b));

  it('has every call that is publicly known, once', () => {
    expect(ENDPOINTS.length).toBeGreaterThan(80);
    expect(sorted(rows.map(({ call }) => call))).toEqual(sorted(ENDPOINTS));
  });

  it.each(PROGRAMS)('names methods that are there: %s', async (program) => {
    const { service } = await startApi({ program });
    const named = rows
      .filter(({ programs }) => programsIn(programs).includes(program))
      .flatMap(({ method }) => methodsIn(method));
    expect(named.length).toBeGreaterThan(10);
    for (const path of named) {
      const found = path.reduce<unknown>((on, name) => Reflect.get(on as object, name), service);
      expect([path.join('.'), typeof found]).toEqual([path.join('.'), 'function']);
    }
  });

  it('names every method that there is', async () => {
    const named = new Set(
      rows.flatMap(({ method }) => methodsIn(method)).map((path) => path.join('.')),
    );
    const there: string[] = [];
    for (const program of PROGRAMS) {
      const { service } = await startApi({ program });
      const offered = rows
        .filter(({ programs }) => programsIn(programs).includes(program))
        .flatMap(({ method }) => methodsIn(method))
        .flatMap(([resource, method]) => (method ? [resource!] : []));
      for (const resource of new Set(offered)) {
        const made = Reflect.get(service, resource) as object;
        there.push(...methodsOf(made).map((method) => `${resource}.${method}`));
      }
    }
    expect(there.length).toBeGreaterThan(60);
    expect(there.filter((method) => !named.has(method))).toEqual([]);
  });
});

// Protected: resources share them among themselves.
const SHARED = new Set([
  'constructor',
  'carryOut',
  'write',
  'writeChanges',
  'remove',
  'changeArchive',
  'read',
  'listing',
  'find',
  'post',
  'searchFor',
  'spelt',
]);

/** More than a call: they are kept in the outbox, or in the inbox. */
const DURABLE = new Set(['dispatch', 'record', 'refund', 'erase']);

function methodsOf(resource: object): string[] {
  const names = new Set<string>();
  let at = resource;
  while (at !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const isCall = !SHARED.has(name) && !DURABLE.has(name);
      if (isCall && typeof Reflect.get(at, name, resource) === 'function') names.add(name);
    }
    at = Object.getPrototypeOf(at) as object;
  }
  return [...names];
}

describe('what it says of repetition', () => {
  it('holds: marked calls are those that are not a POST, and the restorable', () => {
    for (const { call, method, marks } of rows) {
      const isOurs = !method.includes('request()') && !method.includes('left out');
      const isSafe = !call.startsWith('POST') || call.endsWith('archive');
      expect([call, marks.includes('↻')]).toEqual([call, isOurs && isSafe]);
    }
  });
});

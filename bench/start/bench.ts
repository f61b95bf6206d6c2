// npm run bench:start [-- --rounds 11] [--requests 2000] [--json]
// What the module adds to an app until it listens, and to requests that attribute nobody: a new process
// each time, all variants in turn. Prints tables in Markdown. CPU time counts, since it says more than the
// clock where the machine does other things too.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { Child } from '../child.js';
import { figure, median, spread } from '../statistics.js';
import { packageSize, peersSize, type InstallSize } from './install-size.js';
import { VARIANTS, type CpuReply, type Started, type Variant } from './variants.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '11' },
    requests: { type: 'string', default: '2000' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const REQUESTS = {
  plain: { method: 'GET', path: '/plain' },
  signUp: { method: 'POST', path: '/signup' },
} as const;

interface Round extends Omit<Started, 'url'> {
  /** CPU time of a request. Microseconds. */
  readonly plain: number;
  readonly signUp: number;
}

async function cpuOf(
  app: Child<Started>,
  { method, path }: (typeof REQUESTS)[keyof typeof REQUESTS],
): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const body = method === 'POST' ? { body: '{"id":"u1","email":"ada@example.com"}' } : {};
  const url = app.hello.url.replace('[::1]', '127.0.0.1') + path;
  const send = (amount: number) =>
    autocannon({ url, method, headers, ...body, amount, connections: 8 });
  await send(requests);
  const before = await app.ask<CpuReply>('cpu');
  await send(requests);
  return ((await app.ask<CpuReply>('cpu')) - before) / requests;
}

async function measure(variant: Variant): Promise<Round> {
  const app = await Child.start<Started>(join(import.meta.dirname, 'app.js'), variant);
  const { cpuMs, wallMs, rssMb } = app.hello;
  const plain = requests > 0 ? await cpuOf(app, REQUESTS.plain) : NaN;
  const signUp = requests > 0 ? await cpuOf(app, REQUESTS.signUp) : NaN;
  await app.end();
  return { cpuMs, wallMs, rssMb, plain, signUp };
}

const results = new Map<Variant, Round[]>(VARIANTS.map((variant) => [variant, []]));
for (let round = 1; round <= rounds; round += 1) {
  process.stderr.write(`round ${round} of ${rounds}\n`);
  for (const variant of VARIANTS) results.get(variant)!.push(await measure(variant));
}

/** The median, its spread, and what is added to the first variant. */
function column(variant: Variant, name: keyof Round): string[] {
  const of = (each: Variant) => results.get(each)!.map((round) => round[name]);
  const added = median(of(variant)) - median(of('without'));
  return [
    `${figure(median(of(variant)), 0)} (${spread(of(variant))})`,
    variant === 'without' ? '' : `${added < 0 ? '−' : '+'}${figure(Math.abs(added), 0)}`,
  ];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const row of [heads, heads.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]) {
    console.log(`| ${row.join(' | ')} |`);
  }
  console.log('');
}

function size(name: string, { files, bytes }: InstallSize): string[] {
  return [name, String(files), (bytes / 1e6).toFixed(1)];
}

console.log(`Node ${process.version}, ${rounds} rounds, medians (spread)\n`);
table(
  ['App', 'CPU ms to listen', 'added', 'Wall ms', 'added', 'RSS MB', 'added'],
  VARIANTS.map((variant) => [
    variant,
    ...column(variant, 'cpuMs'),
    ...column(variant, 'wallMs'),
    ...column(variant, 'rssMb'),
  ]),
);
if (requests > 0) {
  table(
    ['App', 'CPU µs of a GET', 'added', 'CPU µs of a sign-up without referral', 'added'],
    VARIANTS.map((variant) => [variant, ...column(variant, 'plain'), ...column(variant, 'signUp')]),
  );
}
table(
  ['Installed', 'Files', 'MB'],
  [size('nestjs-partnero', packageSize()), size('its peers beside Nest', peersSize())],
);
if (values.json) console.log(JSON.stringify(Object.fromEntries(results)));

// npm run bench:client [-- --rounds 7] [--calls 20000] [--concurrency 50] [--json]
// What a call to Partnero costs, against leaner and fuller clients: all in one run, in turn.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Child } from '../child.js';
import { median, printTable, spread } from '../statistics.js';
import type { ClientCost, ClientTask } from './client.js';
import { VARIANTS, type Variant } from './variants.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    calls: { type: 'string', default: '20000' },
    concurrency: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const calls = Number(values.calls);
const concurrency = Number(values.concurrency);
const script = (name: string) => join(import.meta.dirname, name);

/** A new process each time: some run a third slower than others, for as long as they live. */
async function measure(variant: Variant, baseUrl: string): Promise<ClientCost> {
  const task: ClientTask = { variant, baseUrl, concurrency };
  const client = await Child.start(script('client.js'), task);
  await client.ask<ClientCost>(Math.ceil(calls / 4));
  const cost = await client.ask<ClientCost>(calls);
  await client.end();
  return cost;
}

const costs = Object.fromEntries(VARIANTS.map((variant) => [variant, [] as ClientCost[]]));
const server = await Child.start<{ baseUrl: string }>(script('server.js'));
for (let round = 1; round <= rounds; round += 1) {
  process.stderr.write(`round ${round} of ${rounds}\n`);
  for (const variant of VARIANTS) {
    costs[variant]!.push(await measure(variant, server.hello.baseUrl));
  }
}
await server.end();

const cpuOf = (variant: Variant) => costs[variant]!.map((cost) => cost.cpuMicroseconds);
const rateOf = (variant: Variant) => costs[variant]!.map((cost) => cost.perSecond);
const rows = VARIANTS.map((variant) => [
  variant,
  median(rateOf(variant)).toFixed(0),
  (median(rateOf(variant)) / median(rateOf('axios'))).toFixed(2),
  median(cpuOf(variant)).toFixed(1),
  spread(cpuOf(variant)),
  (median(cpuOf(variant)) / median(cpuOf('axios'))).toFixed(2),
]);
console.log(
  `Node ${process.version}, POST /customers, ${concurrency} at once, ${rounds} rounds of ${calls} calls\n`,
);
printTable(['', 'a second', 'of axios', 'CPU µs', 'spread', 'of axios'], rows);
if (values.json) console.log(JSON.stringify(costs));

import { callOf, type Variant } from './variants.js';

/** What the bench tells this process at its start. */
export interface ClientTask {
  readonly variant: Variant;
  readonly baseUrl: string;
  readonly concurrency: number;
}

/** What so many calls cost. */
export interface ClientCost {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
}

const { variant, baseUrl, concurrency } = JSON.parse(process.argv[2] ?? '') as ClientTask;
const call = await callOf(variant, baseUrl);

async function run(calls: number): Promise<ClientCost> {
  let next = 0;
  const cpu = process.cpuUsage();
  const started = performance.now();
  const worker = async () => {
    while (next < calls) await call(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: calls / seconds, cpuMicroseconds: (user + system) / calls };
}

process.on('message', (calls: number) => void run(calls).then((cost) => process.send?.(cost)));
process.on('disconnect', () => process.exit());
process.send?.({});

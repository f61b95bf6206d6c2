import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PartneroModule, PartneroService, sqliteOutbox } from 'nestjs-partnero';

/** The argument of this process, as JSON. */
export interface DrainTask {
  readonly path: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly concurrency: number;
}

const { path, baseUrl, apiKey, concurrency } = JSON.parse(process.argv[2] ?? '') as DrainTask;

@Module({
  imports: [
    PartneroModule.forRoot({
      apiKey,
      baseUrl,
      verifyOnBoot: false,
      outbox: sqliteOutbox({ path }),
      delivery: { concurrency },
    }),
  ],
})
class AppModule {}

const started = performance.now();
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'fatal'] });
process.send?.({ bootMs: performance.now() - started });
const partnero = app.get(PartneroService);

/** Enqueues sign-ups one by one. Resolves with the milliseconds of each. */
async function enqueue(count: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const from = performance.now();
    const outcome = await partnero.attribute({ key: 'ann' }, { id: `new-${process.pid}-${i}` });
    if (outcome !== 'queued') throw new Error(outcome);
    latencies.push(performance.now() - from);
  }
  return latencies;
}

process.on('message', (count: number) => {
  void (async () => {
    const latencies = count > 0 ? await enqueue(count) : [];
    process.send?.({ latencies, rss: process.memoryUsage().rss });
  })();
});
process.on('disconnect', () => process.exit());

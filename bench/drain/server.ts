import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PartneroModule, PartneroService, sqliteOutbox } from 'nestjs-partnero';

/** What the bench tells this process at its start. */
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

/** Milliseconds that each of so many sign-ups, one after the other, took to be accepted. */
async function accept(count: number): Promise<number[]> {
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
    const latencies = count > 0 ? await accept(count) : [];
    process.send?.({ latencies, rss: process.memoryUsage().rss });
  })();
});
process.on('disconnect', () => process.exit());

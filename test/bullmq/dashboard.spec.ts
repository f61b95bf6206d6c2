import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue } from 'bullmq';
import express from 'express';
import { bullmqOutbox } from 'nestjs-partnero/bullmq';
import type { DeliveryResult } from '#lib/outbox/delivery-result.js';
import { eventually } from '../support/eventually.js';
import { newJob, RunningEngine } from '../support/running-engine.js';
import { onRedis, type Place } from '../support/stores.js';

const FAILED: DeliveryResult = { type: 'retry', reason: '422 email', jobOnly: true };

interface BoardJob {
  readonly id: string;
  readonly name: string;
  readonly data: { readonly payload: string | null };
  readonly failedReason: string | null;
  readonly attempts: number;
}

let redis: Place;
let queue: Queue;
let server: Server;
let app: RunningEngine;

beforeAll(async () => {
  redis = await onRedis();
});

beforeEach(async () => {
  const prefix = redis.newName();
  queue = new Queue('partnero', { connection: { url: redis.url }, prefix });
  const serverAdapter = new ExpressAdapter();
  createBullBoard({ queues: [new BullMQAdapter(queue)], serverAdapter });
  server = express().use(serverAdapter.getRouter()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  app = await RunningEngine.open(bullmqOutbox({ connection: redis.url, prefix }));
});

afterEach(async () => {
  await RunningEngine.closeAll();
  await new Promise((resolve) => server.close(resolve));
  await queue.close();
});

afterAll(() => redis.leave());

const address = (path: string) =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/queues${path}`;
const put = async (path: string) => (await fetch(address(path), { method: 'PUT' })).status;

async function jobsIn(status: string): Promise<BoardJob[]> {
  const query = `?activeQueue=partnero&status=${status}&page=1&jobsPerPage=10`;
  const { queues } = (await (await fetch(address(query))).json()) as {
    queues: { jobs: BoardJob[] }[];
  };
  return queues[0]!.jobs;
}

async function die(orderingKey: string): Promise<string> {
  app.respond = () => FAILED;
  const id = await app.engine.enqueue(newJob(orderingKey, { payload: '{"email":"ada"}' }));
  app.engine.release(id);
  await eventually(async () => (await app.engine.stats()).dead === 1);
  return id;
}

const completed = () => ({ type: 'completed', outcome: 'attributed' }) as const;

describe('bull-board', () => {
  it('shows a dead letter with its data, its reason and its attempts', async () => {
    app.start({ maxAgeMs: 30 });
    const id = await die('a');
    const [job] = await jobsIn('failed');
    expect(job).toMatchObject({ id, name: 'attribution', failedReason: '422 email' });
    expect(job!.data).toMatchObject({ orderingKey: 'a', payload: '{"email":"ada"}' });
    expect(job!.attempts).toBeGreaterThan(1);
  });

  it('retries a dead letter, which is delivered, and the jobs behind it too', async () => {
    app.start({ maxAgeMs: 30 });
    const id = await die('a');
    await app.engine.submit(newJob('a', { name: 'transaction' }));
    app.respond = completed;
    expect(await put(`/partnero/${id}/retry`)).toBe(204);
    await eventually(async () => (await app.engine.stats()).outcomes['attributed'] === 2);
    // A job counts as pending until BullMQ has completed it.
    await eventually(async () => (await app.engine.stats()).pending === 0);
    expect(await app.engine.stats()).toMatchObject({ queued: 2, pending: 0, dead: 0 });
    const [done] = await jobsIn('completed');
    expect(done!.data.payload).toBeNull();
  });

  it('gives a dead letter that it retries its full age again', async () => {
    app.start({ maxAgeMs: 200 });
    const id = await die('a');
    const before = app.delivered.length;
    expect(await put(`/partnero/${id}/retry`)).toBe(204);
    const retried = performance.now();
    await eventually(async () => (await app.engine.stats()).dead === 1);
    expect(performance.now() - retried).toBeGreaterThanOrEqual(200);
    expect(app.delivered.length - before).toBeGreaterThan(1);
  });

  it('pauses the queue, which stats() shows, and resumes it', async () => {
    app.start();
    expect(await put('/partnero/pause')).toBe(200);
    const { paused } = await app.engine.stats();
    expect(paused).toEqual({ reason: 'queue_paused', until: null });
    await app.add('a');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(app.delivered).toEqual([]);
    expect(await put('/partnero/resume')).toBe(200);
    await eventually(() => app.delivered.length === 1);
    expect((await app.engine.stats()).paused).toBeNull();
  });

  it('removes a held job, which is then gone from the history and the counts', async () => {
    await app.engine.enqueue(newJob('a'));
    const id = await app.add('a');
    expect(await put(`/partnero/${id}/clean`)).toBe(204);
    expect(await app.engine.find('a')).toHaveLength(1);
    expect(await app.engine.stats()).toMatchObject({ queued: 1, pending: 1 });
  });
});

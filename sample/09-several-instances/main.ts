// Two instances of an app share one Redis. One of them is killed while it delivers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess } from './app-process.js';
import { findRedis } from './redis.js';

const VISITORS = 60;
const TIMEOUT_MS = 60_000;

const redis = await findRedis();
if (!redis) {
  console.log('This sample needs Redis: install redis-server, or set REDIS_URL.');
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-sample-'));
const fake = await FakePartnero.start({ partners: ['ann'] });
const start = (name: string) =>
  AppProcess.start({
    REDIS_URL: redis.url,
    PARTNERO_API_KEY: fake.apiKey,
    PARTNERO_BASE_URL: fake.baseUrl,
    PARTNERO_OUTBOX_PATH: join(folder, `${name}.db`),
  });

const first = await start('first');
const second = await start('second');
console.log(`\nTwo instances of the app run: ${first.url} and ${second.url}`);

fake.misbehave({ type: 'slow', ms: 500 });
const { queued: queuedBefore } = await second.stats();
const ids = Array.from({ length: VISITORS }, (_, i) => `user-${i + 1}-${Date.now()}`);
const succeeded = await Promise.all(ids.map((id) => first.signUp(id, 'ann')));
const signedUp = ids.filter((_, i) => succeeded[i]);
console.log(`${signedUp.length} visitors signed up at the first instance. Partnero is slow.`);

await first.end('SIGKILL');
const { pending } = await second.stats();
console.log(`The first instance is killed (kill -9). Pending: ${pending}. The second takes over …`);
fake.heal();

const deadline = Date.now() + TIMEOUT_MS;
let stats = await second.stats();
while (stats.pending > 0 && Date.now() < deadline) {
  await sleep(100);
  stats = await second.stats();
}
const countOf = (id: string) => fake.customers.filter(({ key }) => key === id).length;
const lost = signedUp.filter((id) => countOf(id) === 0).length;
const doubled = signedUp.filter((id) => countOf(id) > 1).length;
console.log(`At Partnero: ${signedUp.length - lost}. Lost: ${lost}. Twice: ${doubled}.`);
console.log(`The outbox: ${stats.queued - queuedBefore} queued, ${stats.pending} pending.\n`);

await second.end('SIGTERM');
await fake.stop();
await redis.end();
rmSync(folder, { recursive: true, force: true });
process.exitCode = lost + doubled + stats.pending === 0 ? 0 : 1;

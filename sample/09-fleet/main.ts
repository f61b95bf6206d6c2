// Two processes of an app and one Redis. One process is killed in the midst of its work.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess } from './app-process.js';
import { findRedis } from './redis.js';

const VISITORS = 60;
const PATIENCE_MS = 60_000;

const redis = await findRedis();
if (!redis) {
  console.log('This sample needs Redis: install redis-server, or say in REDIS_URL where it is.');
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
console.log(`\nTwo processes of the app run: ${first.url} and ${second.url}`);

fake.misbehave({ type: 'slow', ms: 500 });
const known = (await second.stats()).queued;
const ids = Array.from({ length: VISITORS }, (_, i) => `user-${i + 1}-${Date.now()}`);
const answers = await Promise.all(ids.map((id) => first.signUp(id, 'ann')));
const answered = ids.filter((_, i) => answers[i]);
console.log(
  `${answered.length} of Ann's visitors have signed up at the first, Partnero is slow today.`,
);

await first.end('SIGKILL');
const { pending } = await second.stats();
console.log(`The first is killed (kill -9). Pending in Redis: ${pending}. The second takes over …`);
fake.heal();

const deadline = Date.now() + PATIENCE_MS;
let stats = await second.stats();
while (stats.pending > 0 && Date.now() < deadline) {
  await sleep(100);
  stats = await second.stats();
}
const at = (id: string) => fake.customers.filter(({ key }) => key === id).length;
const lost = answered.filter((id) => at(id) === 0).length;
const doubled = answered.filter((id) => at(id) > 1).length;
console.log(`At Partnero: ${answered.length - lost}. Lost: ${lost}. Twice: ${doubled}.`);
console.log(`The outbox says: ${stats.queued - known} queued, ${stats.pending} pending.\n`);

await second.end('SIGTERM');
await fake.stop();
await redis.end();
rmSync(folder, { recursive: true, force: true });
process.exitCode = lost + doubled + stats.pending === 0 ? 0 : 1;

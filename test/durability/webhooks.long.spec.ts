import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FakePartnero, type FakeDelivery } from 'nestjs-partnero/testing';
import { AppProcess, endAppProcesses, killingItself, WEBHOOK_APP } from '../support/app-process.js';
import { SECRET } from '../support/deliveries.js';
import { eventually } from '../support/eventually.js';
import type { WebhookAppOptions } from '../support/fixtures/webhook-app.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const EVENTS = 30;

let fake: FakePartnero;
let options: WebhookAppOptions;
let kills: string;

beforeEach(async () => {
  fake = await FakePartnero.start();
  const folder = temporaryFolder();
  kills = join(folder, 'kills.log');
  writeFileSync(kills, '');
  options = {
    path: join(folder, 'outbox.db'),
    secret: SECRET,
    port: await freePort(),
    handled: join(folder, 'handled.log'),
  };
});

afterEach(async () => {
  await endAppProcesses();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

async function freePort(): Promise<number> {
  const other = await FakePartnero.start();
  const { port } = new URL(other.baseUrl);
  await other.stop();
  return Number(port);
}

const start = (environment?: NodeJS.ProcessEnv) =>
  AppProcess.startFile(WEBHOOK_APP, options, environment);

/** Partnero sends it until it is accepted, and then once more. */
const send = (n: number): Promise<FakeDelivery[]> =>
  fake.sendEvent(
    'transaction.created',
    { key: `inv-${n}` },
    {
      url: `http://127.0.0.1:${options.port}/hook`,
      secret: SECRET,
      attempts: 12,
      backoffMs: 20,
      copies: n % 3 === 0 ? 2 : 1,
    },
  );

/** How often each handler has handled each event. */
function timesHandled(): Map<string, number> {
  const lines = existsSync(options.handled)
    ? readFileSync(options.handled, 'utf8').trim().split('\n')
    : [];
  const times = new Map<string, number>();
  for (const line of lines) times.set(line, (times.get(line) ?? 0) + 1);
  return times;
}

const inOrder = (lines: Iterable<string>) => [...lines].toSorted();

const everything = inOrder(
  Array.from({ length: EVENTS }, (_, n) => [`add inv-${n}`, `count inv-${n}`]).flat(),
);

describe('kill -9 between a webhook event and its handlers', () => {
  it.each([
    'before submit',
    'submit: before commit',
    'submit: after commit',
    'submitted',
    'claim: before commit',
    'claim: after commit',
    'handling',
    'handled',
    'complete: before commit',
    'complete: after commit',
  ])(
    'in the step "%s" loses no event',
    async (step) => {
      const dying = await start(killingItself({ step, after: 3, log: kills }));
      const sent = Array.from({ length: EVENTS }, (_, n) => send(n));
      await eventually(() => dying.hasEnded);
      const app = await start();
      const deliveries = (await Promise.all(sent)).flat();
      expect(deliveries.every(({ delivered }) => delivered)).toBe(true);
      const stats = await eventually(async () => {
        const now = await app.stats();
        return now.pending === 0 && now;
      });
      expect(readFileSync(kills, 'utf8')).toBe(`${step}\n`);
      const times = timesHandled();
      expect(inOrder(times.keys())).toEqual(everything);
      const repeated = [...times.values()].filter((n) => n > 1);
      // Those that were handled at that moment, before that was saved: ten at once by each handler.
      expect(repeated.length).toBeLessThanOrEqual(20);
      expect(Math.max(...times.values())).toBeLessThanOrEqual(2);
      expect(stats.outcomes['handled']).toBe(2 * EVENTS);
      expect(stats.queued).toBe(2 * EVENTS + (stats.outcomes['duplicate'] ?? 0));
    },
    60_000,
  );
});

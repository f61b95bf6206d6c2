// npm run demo: what happens to sign-ups when everything goes wrong. Exits with 1 if a total is wrong.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgramStats } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { AppProcess } from './app-process.js';

const say = (line: string) => console.log(line);
const PARTNERS = ['ann', 'bob', 'cem'];

/** What the visitors saw; what Partnero must know in the end. */
class Visitors {
  readonly answered = new Map<string, string>();
  readonly waits: number[] = [];
  private count = 0;

  /** Sign-ups by the links of the partners in turn, ten at a time. */
  async come(app: AppProcess, how: number, key?: string): Promise<void> {
    const ids = Array.from({ length: how }, () => (this.count += 1));
    const visitor = async () => {
      for (let n = ids.shift(); n !== undefined; n = ids.shift()) {
        const partner = key ?? PARTNERS[n % PARTNERS.length]!;
        const id = `user-${n}`;
        const cookie = `partnero_partner=${partner}`;
        const { status, ms } = await app.signUp(id, `${id}@example.com`, cookie);
        if (status !== 201) continue;
        this.answered.set(id, partner);
        this.waits.push(ms);
      }
    };
    await Promise.all(Array.from({ length: 10 }, visitor));
  }

  medianWait(): string {
    const sorted = this.waits.toSorted((a, b) => a - b);
    return `${(sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(1)} ms`;
  }
}

async function until(
  app: AppProcess,
  done: (stats: ProgramStats) => boolean,
): Promise<ProgramStats> {
  for (let i = 0; i < 400; i += 1) {
    const stats = await app.stats();
    if (done(stats)) return stats;
    await sleep(100);
  }
  throw new Error('it took longer than 40 seconds');
}

function sumOf({ outcomes, dead, pending }: ProgramStats): number {
  return Object.values(outcomes).reduce((sum, n) => sum + n, dead + pending);
}

const MEANINGS: Record<string, string> = {
  attributed: ': created at Partnero and credited to the partner',
  already_registered: ': a repeated request; the first one had arrived',
  unknown_partner: ": Partnero doesn't know the partner",
};

function print(title: string, rows: [string, number][]): void {
  say(`\n  ${title}`);
  for (const [name, n] of rows) say(`    ${name.padEnd(72)}${String(n).padStart(6)}`);
}

/** @param queued how many sign-ups each part of the story queued */
function report(
  stats: ProgramStats,
  fake: FakePartnero,
  visitors: Visitors,
  queued: readonly number[],
): boolean {
  const atPartnero = new Map(fake.customers.map(({ key, partner }) => [key, partner?.key]));
  const known = [...visitors.answered].filter(([, partner]) => PARTNERS.includes(partner));
  const lost = known.filter(([id]) => !atPartnero.has(id)).length;
  const wrong = known.filter(
    ([id, partner]) => atPartnero.has(id) && atPartnero.get(id) !== partner,
  ).length;
  const doubled = fake.customers.length - atPartnero.size;
  const repeated = fake.requestsTo('POST /customers').filter(({ status }) => status === 422).length;
  const outcomes = Object.entries(stats.outcomes).map(([outcome, n]): [string, number] => [
    `  ${outcome}${MEANINGS[outcome] ?? ''}`,
    n,
  ]);
  print('In the outbox', [
    [`queued: ${queued.join(' + ')}`, stats.queued],
    ...outcomes,
    ['  dead: failed for too long', stats.dead],
    ['  pending: not sent yet', stats.pending],
    ['the outcomes, dead and pending add up to', sumOf(stats)],
  ]);
  print('At Partnero', [
    ['customers, also those whose response was cut off', fake.customers.length],
    ['sign-ups with a response, by the link of a partner whom Partnero knows', known.length],
    ['  of these, missing at Partnero', lost],
    ['  of these, credited to the wrong partner', wrong],
    ['customers that are there twice', doubled],
    ['requests repeated, since a response was lost, and recognised', repeated],
  ]);
  const adds = stats.queued === sumOf(stats) && stats.pending === 0 && stats.dead === 0;
  return adds && lost === 0 && wrong === 0 && doubled === 0 && repeated > 0;
}

const folder = mkdtempSync(join(tmpdir(), 'nestjs-partnero-demo-'));
const fake = await FakePartnero.start({ partners: PARTNERS });
const task = { apiKey: fake.apiKey, baseUrl: fake.baseUrl, path: join(folder, 'outbox.db') };
const visitors = new Visitors();
try {
  let app = await AppProcess.start(task);
  say('An app with @AttributeReferral() on its sign-up route, and a fake Partnero.\n');

  await visitors.come(app, 60);
  await until(app, ({ pending }) => pending === 0);
  say(
    `1. 60 visitors come by partners' links and sign up. ${fake.customers.length} customers are at Partnero.`,
  );

  await visitors.come(app, 5, 'gone');
  for (let i = 0; i < 5; i += 1)
    await app.signUp(`x-${i}`, 'taken@example.com', 'partnero_partner=ann');
  say(
    '2. 5 more come by the link of a partner who is gone: queued, but Partnero will credit nobody.\n' +
      '   Another 5 sign-ups fail in the app itself: nothing is queued.',
  );

  await fake.down();
  visitors.waits.length = 0;
  await visitors.come(app, 100);
  const { pending } = await app.stats();
  say(
    `3. Partnero goes down. 100 more sign up all the same, half of them within ${visitors.medianWait()}.\n` +
      `   ${pending} sign-ups wait in the outbox.`,
  );

  const before = visitors.answered.size;
  const coming = visitors.come(app, 2_000);
  await sleep(150);
  await app.end('SIGKILL');
  await coming;
  const during = visitors.answered.size - before;
  say(`4. More sign up, and the app is killed (SIGKILL). ${during} had their response by then.`);

  app = await AppProcess.start(task);
  const found = await app.stats();
  const cutOff = found.pending - pending - during;
  say(
    `5. The app starts again and finds ${found.pending} sign-ups in its outbox: the ${pending}, the ${during}, and\n` +
      `   ${cutOff} that were saved, but whose response the kill cut off.`,
  );

  fake.misbehave({ type: 'rate_limit', retryAfter: 2 }, { on: 'POST /customers', times: 3 });
  await fake.up();
  say('6. Partnero comes back, but asks to wait first (429, Retry-After: 2).');
  await until(app, ({ outcomes }) => (outcomes['attributed'] ?? 0) > 60);

  fake.misbehave({ type: 'reset_after' }, { on: 'POST /customers', times: 4 });
  await visitors.come(app, 20);
  const stats = await until(app, (now) => now.pending === 0);
  say('7. 20 more sign up. Partnero carries out four requests, and their responses are lost.');

  const good = report(stats, fake, visitors, [60, 5, 100, during + cutOff, 20]);
  say(good ? '\nNothing lost, nothing doubled, and it adds up.' : '\nSOMETHING IS OFF.');
  process.exitCode = good ? 0 : 1;
  await app.end('SIGTERM');
} finally {
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
}

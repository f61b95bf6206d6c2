import { Controller, Param, Post } from '@nestjs/common';
import {
  AttributeReferral,
  getPartneroToken,
  PartneroService,
  Referral,
  sqliteOutbox,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { closeApps, partnero, startApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { passUntil, useFakeClock, useRealClock } from '../support/fake-clock.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let release: () => void;

@Controller()
class AuthController {
  @Post('signup/:id')
  @AttributeReferral()
  signup(@Param('id') id: string) {
    return { id };
  }

  @Post('slow/:id')
  @AttributeReferral()
  async slow(@Param('id') id: string, @Referral() referral: ReferralContext) {
    await new Promise<void>((resolve) => (release = resolve));
    return { id, key: referral.key };
  }
}

let fake: FakePartnero;
let path: string;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  path = `${temporaryFolder()}/outbox.db`;
});

afterEach(async () => {
  useRealClock();
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const start = () =>
  startApp({
    imports: [partnero(fake, { outbox: sqliteOutbox({ path }), delivery: { concurrency: 2 } })],
    controllers: [AuthController],
  });

it('delivers what is due before it ends', async () => {
  fake.misbehave({ type: 'slow', ms: 15 });
  const running = await start();
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => visit(`${running.url}/signup/${i}`, { partner: 'ann' })),
  );
  expect((await running.app.get(PartneroService).outbox.stats()).pending).toBeGreaterThan(5);
  await running.close();
  expect(fake.customers).toHaveLength(20);
  expect(running.logger.text).not.toContain('stay in');
});

it('hands back what cannot be delivered within its time, and says how much stays where', async () => {
  fake.misbehave({ type: 'hang' }, { on: 'POST /customers' });
  const running = await start();
  for (let i = 0; i < 5; i += 1) await visit(`${running.url}/signup/${i}`, { partner: 'ann' });
  await eventually(() => fake.requestsTo('POST /customers').length === 2);
  useFakeClock();
  let closed = false;
  void running.close().then(() => (closed = true));
  const waited = await passUntil(() => closed, 20_000, 250);
  expect(waited).toBeGreaterThan(3_000);
  expect(waited).toBeLessThan(9_000);
  expect(running.logger.ours('log').at(-1)).toContain(`5 pending deliveries stay in ${path}`);
  fake.heal();
  const again = await start();
  const stats = () => again.app.get(PartneroService).outbox.stats();
  await passUntil(async () => (await stats()).pending === 0, 20_000);
  expect(fake.customers).toHaveLength(5);
});

it('takes no longer with two programs, which drain at the same time', async () => {
  fake.misbehave({ type: 'hang' }, { on: 'POST /customers' });
  const outbox = sqliteOutbox({ path });
  const names = ['default', 'other'];
  const running = await startApp({
    imports: names.map((name) => partnero(fake, { name, outbox })),
  });
  for (const name of names) {
    const service = running.app.get(getPartneroToken(name), { strict: false });
    await service.attribute({ key: 'ann' }, { id: `user-of-${name}` });
  }
  await eventually(() => fake.requestsTo('POST /customers').length === 2);
  useFakeClock();
  let closed = false;
  void running.close().then(() => (closed = true));
  expect(await passUntil(() => closed, 30_000, 250)).toBeLessThan(9_000);
});

it('keeps a sign-up whose handler ends after the relay has stopped', async () => {
  const running = await start();
  const visiting = visit(`${running.url}/slow/late`, { partner: 'ann' });
  await eventually(() => release !== undefined);
  const closing = running.close();
  await new Promise((resolve) => setTimeout(resolve, 30));
  release();
  const response = await visiting;
  expect(await response.json()).toEqual({ id: 'late', key: 'ann' });
  await closing;
  await settled((await start()).app, 1);
  expect(fake.customers).toMatchObject([{ key: 'late' }]);
});

it('fails nothing that comes after', async () => {
  const running = await start();
  const service = running.app.get(PartneroService);
  await running.close();
  expect(await service.attribute({ key: 'ann' }, { id: 'too-late' })).toBe('accept_failed');
  await expect(service.outbox.stats()).rejects.toThrow('shutting down');
});

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { PartneroService, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { PartneroHealthIndicator } from 'nestjs-partnero/health';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { inOtherProcess } from '../support/sqlite-shell.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly partnero: PartneroHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([
      () => this.partnero.isHealthy(),
      () => this.partnero.isHealthy('impatient', { maxPendingAgeMs: 0, timeoutMs: 200 }),
    ]);
  }
}

interface Check {
  status: string;
  details: Record<string, { status: string; reason?: string; pending?: number; paused?: string }>;
}

describe.each(ADAPTERS)('PartneroHealthIndicator on %s', (adapter) => {
  let fake: FakePartnero;
  let running: RunningApp;
  let path: string;

  async function start(options: PartneroModuleOptions = {}): Promise<void> {
    running = await startApp({
      adapter,
      imports: [TerminusModule, partnero(fake, { outbox: sqliteOutbox({ path }), ...options })],
      controllers: [HealthController],
      providers: [PartneroHealthIndicator],
    });
  }

  beforeEach(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
    path = `${temporaryFolder()}/data/outbox.db`;
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  const attribute = () =>
    running.app
      .get(PartneroService)
      .attribute({ key: 'ann' }, { id: 'user-1', email: 'ada@example.com' });

  async function check(): Promise<Check & { http: number }> {
    const response = await fetch(`${running.url}/health`);
    const text = await response.text();
    expect(text).not.toMatch(/ada@example|fake-api-key/);
    return { http: response.status, ...(JSON.parse(text) as Check) };
  }

  it('is up when all is well', async () => {
    await start();
    expect(await check()).toMatchObject({
      http: 200,
      status: 'ok',
      details: { partnero: { status: 'up', pending: 0, dead: 0, paused: null } },
    });
  });

  it('is up while Partnero is down, unless told how long something may be pending', async () => {
    await fake.down();
    await start();
    await attribute();
    await new Promise((resolve) => setTimeout(resolve, 2));
    expect(await check()).toMatchObject({
      http: 503,
      details: {
        partnero: { status: 'up', pending: 1 },
        impatient: { status: 'down', reason: 'Something has been pending for too long.' },
      },
    });
  });

  it('is down while the API key is refused', async () => {
    await start();
    fake.apiKey = 'another';
    await attribute();
    await eventually(async () => {
      const { details } = await check();
      return details['partnero']!.status === 'down';
    });
    expect(await check()).toMatchObject({
      http: 503,
      details: {
        partnero: { reason: 'Nothing is sent: unauthorized.', paused: 'unauthorized', pending: 1 },
      },
    });
  });

  it('is down while the outbox cannot be written, and up when it can again', async () => {
    await start();
    rmSync(dirname(path), { recursive: true });
    writeFileSync(dirname(path), 'in the way');
    // The engine looks every second or two whether the path still names its file.
    await eventually(async () => (await attribute()) === 'accept_failed');
    expect(await check()).toMatchObject({ http: 503, details: { partnero: { status: 'down' } } });
    rmSync(dirname(path));
    mkdirSync(dirname(path));
    await eventually(async () => (await check()).details['partnero']!.status === 'up');
  });

  it('is down while the outbox does not answer', async () => {
    await start();
    const other = inOtherProcess(path, 'BEGIN IMMEDIATE', { holdMs: 600 });
    await other.ready;
    expect((await check()).details['impatient']).toEqual({
      status: 'down',
      reason: 'The outbox does not answer.',
    });
    await other.ended;
  });

  it('is up where attribution is switched off', async () => {
    await start({ enabled: false });
    expect(await check()).toMatchObject({ http: 200, details: { partnero: { status: 'up' } } });
  });
});

import { Body, Controller, Post, Req, ValidationPipe } from '@nestjs/common';
import { IsString } from 'class-validator';
import { AttributeReferral, PartneroService, type PartneroModuleOptions } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

class SignUpDto {
  @IsString()
  id!: string;
}

@Controller()
class AuthController {
  @Post('signup')
  @AttributeReferral()
  signup(@Body() body: SignUpDto) {
    return body;
  }

  @Post('session')
  @AttributeReferral()
  session(@Req() request: { session?: string }, @Body() body: SignUpDto) {
    void request;
    return body;
  }
}

describe.each(ADAPTERS)('where the key is read from, on %s', (adapter) => {
  let fake: FakePartnero;

  beforeEach(async () => {
    fake = await FakePartnero.start({
      partners: ['cookie', 'query', 'header', 'body', 'session', 'B'],
    });
  });

  afterEach(async () => {
    await closeApps();
    await fake.stop();
  });

  afterAll(removeTemporaryFolders);

  function start(options: PartneroModuleOptions = {}, pipe?: ValidationPipe): Promise<RunningApp> {
    return startApp({
      adapter,
      imports: [partnero(fake, options)],
      controllers: [AuthController],
      prepare: (app) => void (pipe && app.useGlobalPipes(pipe)),
    });
  }

  async function partnerOf({ app }: RunningApp): Promise<string | undefined> {
    await settled(app, 1);
    return fake.customers[0]!.partner?.key;
  }

  it('prefers the link to the cookie', async () => {
    const running = await start();
    await visit(`${running.url}/signup?aff=query`, { partner: 'cookie', body: { id: '1' } });
    expect(await partnerOf(running)).toBe('query');
  });

  it('takes the first of two parameters', async () => {
    const running = await start();
    await visit(`${running.url}/signup?aff=query&aff=B`, { body: { id: '1' } });
    expect(await partnerOf(running)).toBe('query');
  });

  it('takes nothing of a nested parameter', async () => {
    const running = await start();
    await visit(`${running.url}/signup?aff[x]=B`, { body: { id: '1' } });
    const { queued, notAccepted } = await running.app.get(PartneroService).outbox.stats();
    expect([queued, notAccepted.no_referral]).toEqual([0, 1]);
  });

  it('takes the last of two cookies, and survives a malformed one', async () => {
    const running = await start();
    const cookie = 'partnero_partner=B; bad=%E0%A4%A; partnero_partner=cookie';
    const response = await visit(`${running.url}/signup`, { cookie, body: { id: '1' } });
    expect(response.status).toBe(201);
    expect(await partnerOf(running)).toBe('cookie');
  });

  it('reads a header', async () => {
    const running = await start({ referral: { header: 'X-Partner' } });
    await visit(`${running.url}/signup`, {
      partner: 'cookie',
      headers: { 'x-partner': 'header' },
      body: { id: '1' },
    });
    expect(await partnerOf(running)).toBe('header');
  });

  it('reads a field of the body before a pipe strips it', async () => {
    const running = await start(
      { referral: { bodyField: 'aff' } },
      new ValidationPipe({ whitelist: true, transform: true }),
    );
    const response = await visit(`${running.url}/signup`, { body: { id: '1', aff: 'body' } });
    expect(await response.json()).toEqual({ id: '1' });
    expect(await partnerOf(running)).toBe('body');
  });

  it('leaves the route its own 400 where such a field is forbidden', async () => {
    const running = await start(
      { referral: { bodyField: 'aff' } },
      new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }),
    );
    const response = await visit(`${running.url}/signup`, { body: { id: '1', aff: 'body' } });
    expect(response.status).toBe(400);
    expect((await running.app.get(PartneroService).outbox.stats()).queued).toBe(0);
  });

  it('asks the resolve option first, and the sources if it knows nothing', async () => {
    const asked: unknown[] = [];
    const running = await start({
      referral: {
        resolve: async (request) => {
          asked.push(request);
          const { headers } = request as { headers: Record<string, string> };
          return headers['x-session'] ?? null;
        },
      },
    });
    const headers = { 'x-session': 'session' };
    await visit(`${running.url}/signup`, { partner: 'cookie', headers, body: { id: '1' } });
    await visit(`${running.url}/signup`, { partner: 'cookie', body: { id: '2' } });
    await settled(running.app, 2);
    expect(fake.customers.map(({ partner }) => partner?.key)).toEqual(['session', 'cookie']);
    expect(asked).toHaveLength(2);
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('no session of a@b.example');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('no session of a@b.example'))],
    ['returns rubbish', () => ({}) as string],
  ])('asks the sources when the resolve option %s', async (how, resolve) => {
    const running = await start({ referral: { resolve } });
    await visit(`${running.url}/signup`, { partner: 'cookie', body: { id: '1' } });
    await visit(`${running.url}/signup`, { partner: 'cookie', body: { id: '2' } });
    await settled(running.app, 2);
    const warnings = running.logger.ours('warn').filter((line) => line.includes('resolve'));
    expect(warnings).toHaveLength(how === 'returns rubbish' ? 0 : 1);
    expect(running.logger.text).not.toContain('a@b.example');
  });

  it('says once per route that a key was not used, without the key', async () => {
    const running = await start();
    const partner = 'x'.repeat(300);
    for (let i = 0; i < 3; i += 1) {
      const response = await visit(`${running.url}/signup`, { partner, body: { id: `${i}` } });
      expect(response.status).toBe(201);
    }
    const warnings = running.logger.ours('warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/AuthController\.signup.*cookie.*referral\.maxLength/);
    expect(warnings[0]).not.toContain('xxx');
    expect(fake.requests).toHaveLength(0);
  });

  it('says at boot what is in force', async () => {
    const { logger } = await start({ referral: { params: ['via', 'aff'], header: 'X-Partner' } });
    const line = logger.ours('log').find((text) => text.includes('Attributing'));
    expect(line).toContain(
      'affiliate program. The referral key is read from: query ?via=, ?aff=, then header x-partner, then cookie partnero_partner. Outbox: ',
    );
  });
});

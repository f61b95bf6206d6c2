import {
  Controller,
  Get,
  HttpCode,
  Post,
  Redirect,
  Req,
  Res,
  Sse,
  Version,
  VersioningType,
} from '@nestjs/common';
import {
  AttributeReferral,
  PartneroService,
  Referral,
  type ReferralContext,
} from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { of, concat, delay, from } from 'rxjs';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled, visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

interface Answer {
  statusCode?: number;
  status?(code: number): unknown;
  code?(code: number): unknown;
  raw?: unknown;
  redirect(url: string, code?: number): unknown;
}

@Controller('shapes')
class ShapesController {
  @Post('value')
  @AttributeReferral()
  value() {
    return { id: 'value' };
  }

  @Post('promise')
  @AttributeReferral()
  async promise() {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { id: 'promise', name: 'Ada', surname: 'Lovelace', tags: ['vip'] };
  }

  @Post('observable')
  @AttributeReferral()
  observable() {
    return of({ id: 'observable' });
  }

  @Post('emissions')
  @AttributeReferral()
  emissions() {
    return concat(of({ id: 'first' }), from([{ id: 'second' }, { id: 'last' }]).pipe(delay(5)));
  }

  @Post('number')
  @AttributeReferral()
  number() {
    return { id: 42, email: null };
  }

  @Post('bigint')
  @AttributeReferral(() => ({ id: 9007199254740993n }))
  bigint() {
    return 'done';
  }

  @Post('key')
  @AttributeReferral()
  key() {
    return { key: 'by-key', passwordHash: 'never sent' };
  }

  @Get('redirect')
  @Redirect('/welcome', 302)
  @AttributeReferral(() => ({ key: 'redirected' }))
  redirect() {
    return undefined;
  }

  @Get('raw')
  @AttributeReferral()
  async raw(@Res() response: Answer, @Referral() referral: ReferralContext) {
    await referral.attribute({ key: 'raw' });
    return response.raw ? response.redirect('/welcome', 302) : response.redirect('/welcome');
  }

  @Get('raw-unattributed')
  @AttributeReferral()
  rawUnattributed(@Res() response: { send(body: unknown): unknown }) {
    return response.send({ id: 'never-looked-at' });
  }

  @Post('passthrough')
  @AttributeReferral()
  passthrough(@Res({ passthrough: true }) _response: unknown) {
    return { id: 'passthrough' };
  }

  @Post('passthrough-4xx')
  @AttributeReferral()
  @HttpCode(201)
  passthrough4xx(@Res({ passthrough: true }) response: Answer) {
    (response.status ?? response.code)!.call(response, 409);
    return { id: 'passthrough-4xx' };
  }

  @Sse('events')
  @AttributeReferral()
  events() {
    return of({ data: { id: 'event' } });
  }

  @Version('2')
  @Post('versioned')
  @AttributeReferral()
  versioned(@Req() _request: unknown) {
    return { id: 'versioned' };
  }
}

describe.each(ADAPTERS)('what a handler returns, on %s', (adapter) => {
  let fake: FakePartnero;
  let running: RunningApp;
  let queued = 0;

  beforeAll(async () => {
    fake = await FakePartnero.start({ partners: ['ann'] });
    running = await startApp({
      adapter,
      imports: [partnero(fake)],
      controllers: [ShapesController],
      prepare: (app) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    queued = 0;
  });

  afterAll(async () => {
    await closeApps();
    await fake.stop();
    removeTemporaryFolders();
  });

  async function attributed(method: string, path: string, expected: object, status: number) {
    const before = fake.requestsTo('POST /customers').length;
    const response = await visit(`${running.url}/api/${path}`, { method, partner: 'ann' });
    expect(response.status).toBe(status);
    queued += 1;
    await settled(running.app, queued);
    const bodies = fake.requestsTo('POST /customers').slice(before);
    expect(bodies.map(({ body }) => body)).toEqual([{ partner: { key: 'ann' }, ...expected }]);
    return response;
  }

  it.each([
    ['a value', 'value', { key: 'value' }],
    ['a promise', 'promise', { key: 'promise', name: 'Ada', surname: 'Lovelace', tags: ['vip'] }],
    ['an observable', 'observable', { key: 'observable' }],
    ['many emissions: the last, as Nest answers with it', 'emissions', { key: 'last' }],
    ['a number as id', 'number', { key: '42' }],
    ['a bigint as id', 'bigint', { key: '9007199254740993' }],
    ['a key, and columns that are nobody else’s business', 'key', { key: 'by-key' }],
    ['a value beside a passthrough response', 'passthrough', { key: 'passthrough' }],
  ])('attributes %s', async (_, path, expected) => {
    await attributed('POST', `v1/shapes/${path}`, expected, 201);
  });

  it('attributes on a versioned route under a global prefix', async () => {
    await attributed('POST', 'v2/shapes/versioned', { key: 'versioned' }, 201);
  });

  it('attributes when the handler redirects', async () => {
    const response = await attributed('GET', 'v1/shapes/redirect', { key: 'redirected' }, 302);
    expect(response.headers.get('location')).toBe('/welcome');
  });

  it('attributes by hand where the handler writes the response itself', async () => {
    await attributed('GET', 'v1/shapes/raw', { key: 'raw' }, 302);
  });

  it('does not look at what such a handler returns, and says so once', async () => {
    for (let i = 0; i < 2; i += 1) {
      const response = await visit(`${running.url}/api/v1/shapes/raw-unattributed`, {
        method: 'GET',
        partner: 'ann',
      });
      expect(await response.json()).toEqual({ id: 'never-looked-at' });
    }
    const lines = await eventually(() => {
      const found = running.logger.ours('warn').filter((l) => l.includes('rawUnattributed'));
      return found.length > 0 && found;
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('referral.attribute()');
  });

  it('discards when the handler sets a 4xx on a passthrough response', async () => {
    const before = fake.customers.length;
    const response = await visit(`${running.url}/api/v1/shapes/passthrough-4xx`, {
      partner: 'ann',
    });
    expect(response.status).toBe(409);
    queued += 1;
    const stats = await settled(running.app, queued);
    expect(stats.outcomes['discarded']).toBe(1);
    expect(fake.customers).toHaveLength(before);
  });

  it('leaves server-sent events alone', async () => {
    const response = await visit(`${running.url}/api/v1/shapes/events`, {
      method: 'GET',
      partner: 'ann',
    });
    expect(await response.text()).toContain('"id":"event"');
    const { queued: now } = await running.app.get(PartneroService).outbox.stats();
    expect(now).toBe(queued);
  });
});

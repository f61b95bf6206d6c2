import {
  Injectable,
  Module,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { jest } from '@jest/globals';
import { PartneroService, sqliteOutbox, type PartneroModuleOptions } from 'nestjs-partnero';
import { PartneroDashboardModule, type PartneroDashboardOptions } from 'nestjs-partnero/dashboard';
import { FakePartnero } from 'nestjs-partnero/testing';
import { ADAPTERS, closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { settled } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const OWN = { 'sec-fetch-site': 'same-origin' };
const STAFF = { authorization: 'staff' };

@Injectable()
class Staff {
  readonly password = 'staff';
}

@Module({ providers: [Staff], exports: [Staff] })
class StaffModule {}

@Injectable()
class StaffGuard implements CanActivate {
  constructor(private readonly staff: Staff) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context
      .switchToHttp()
      .getRequest<{ headers: { authorization?: string } }>();
    return headers.authorization === this.staff.password;
  }
}

let fake: FakePartnero;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

/** Not all: before the first job, the API key is checked. */
const refuseSignUps = () => fake.misbehave({ type: 'reset_before' }, { on: 'POST /customers' });

const attribute = (running: RunningApp, id: string, key = 'ann') =>
  running.app.get(PartneroService).attribute({ key }, { id });

const get = async (url: string, headers: Record<string, string> = STAFF) => {
  const response = await fetch(url, { headers });
  return { status: response.status, headers: response.headers, body: await response.text() };
};

const post = (url: string, headers: Record<string, string>) =>
  fetch(url, { method: 'POST', redirect: 'manual', headers: { ...STAFF, ...headers } });

/** What a browser would load or submit, as absolute addresses. */
function addressesIn(body: string, name: 'href' | 'action', from: string): string[] {
  const found = [...body.matchAll(new RegExp(`${name}="([^"#]+)"`, 'g'))];
  return found.map(([, address]) => new URL(address!.replaceAll('&#38;', '&'), from).href);
}

describe.each(ADAPTERS)('PartneroDashboardModule on %s', (adapter) => {
  function start(
    dashboard: Partial<PartneroDashboardOptions> = {},
    options: PartneroModuleOptions = {},
    prepare: (app: INestApplication) => void = () => {},
  ): Promise<RunningApp> {
    const guarded = { guards: [StaffGuard], imports: [StaffModule], ...dashboard };
    return startApp({
      adapter,
      imports: [partnero(fake, options), PartneroDashboardModule.forRoot(guarded)],
      prepare,
    });
  }

  it('shows nothing to anybody whom the guards refuse', async () => {
    const { url } = await start({ actions: true });
    for (const path of ['/partnero', '/partnero/style.css', '/partnero?customer=1']) {
      expect((await get(`${url}${path}`, {})).status).toBe(403);
    }
    const requeue = `${url}/partnero/requeue/outbox?all=true`;
    const response = await fetch(requeue, { method: 'POST', headers: OWN });
    expect(response.status).toBe(403);
    expect((await get(`${url}/partnero`)).status).toBe(200);
  });

  it.each<[string, Partial<PartneroDashboardOptions>, (app: INestApplication) => void]>([
    ['/partnero', {}, () => {}],
    ['/', { path: '/' }, () => {}],
    ['/api/admin/credits', { path: 'admin/credits' }, (app) => app.setGlobalPrefix('api')],
  ])('serves the page and all that it links to below %s', async (path, dashboard, prepare) => {
    const { url } = await start(dashboard, {}, prepare);
    const page = await get(`${url}${path}`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-store');
    const [stylesheet, refresh] = addressesIn(page.body, 'href', `${url}${path}`);
    const styles = await get(stylesheet!);
    expect([styles.status, styles.headers.get('content-type')]).toEqual([
      200,
      'text/css; charset=utf-8',
    ]);
    expect((await get(refresh!)).body).toContain('http-equiv="refresh" content="5"');
    const [search] = addressesIn(page.body, 'action', `${url}${path}`);
    expect(search).toBe(`${url}${path}`);
  });

  it('works behind a trailing slash, where the framework takes one', async () => {
    const { url } = await start();
    if (adapter === 'fastify') return expect((await get(`${url}/partnero/`)).status).toBe(404);
    const page = `${url}/partnero/`;
    const [stylesheet] = addressesIn((await get(page)).body, 'href', page);
    expect((await get(stylesheet!)).status).toBe(200);
  });

  it('needs no more than a strict Content-Security-Policy allows', async () => {
    const running = await start();
    await attribute(running, 'user-1');
    await settled(running.app, 1);
    const { headers, body } = await get(`${running.url}/partnero`);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    expect(body).toContain('<svg');
    expect(body).not.toMatch(/<script|<style|\sstyle=|\son\w+=|https?:\/\//i);
  });

  it('escapes whatever a customer or a visitor has sent', async () => {
    const hostile = `"><script>alert('1')</script><b x='&`;
    const running = await start({ actions: true }, { delivery: { maxAgeDays: 0 } });
    refuseSignUps();
    await attribute(running, hostile, 'ann');
    const { outbox } = running.app.get(PartneroService);
    await eventually(async () => (await outbox.stats()).dead === 1);
    const query = new URLSearchParams({ customer: hostile }).toString();
    const { body } = await get(`${running.url}/partnero?${query}`);
    expect(body).toContain('&#34;&#62;&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;');
    expect(body).not.toMatch(/<script|<b x/);
  });

  it('says in a sentence why a customer was, or was not, credited', async () => {
    const running = await start();
    await attribute(running, 'user-1');
    await attribute(running, 'user-2', 'gone');
    await settled(running.app, 2);
    const search = async (customer: string) =>
      (await get(`${running.url}/partnero?customer=${customer}`)).body;
    for (const text of ['user-1', 'user-1%20', '%20user-1']) {
      expect(await search(text)).toContain('Customer user-1 was credited to ann.');
    }
    expect(await search('user-2')).toContain(
      'Customer user-2 was credited to nobody: Partnero doesn&#39;t know the partner gone.',
    );
    expect(await search('user-3')).toContain('There is no job of customer <code>user-3</code>');
  });

  it('says what is pending, and why', async () => {
    refuseSignUps();
    const running = await start({}, { delivery: { maxBackoffMs: 60_000 } });
    for (let i = 0; i < 6; i += 1) await attribute(running, `user-${i}`);
    const body = await eventually(async () => {
      const page = await get(`${running.url}/partnero`);
      const isTried = page.body.includes('<td>Partnero could not be reached (ECONNRESET)</td>');
      return isTried && page.body.includes('Partnero is unreachable') && page.body;
    });
    expect(body).toMatch(
      /Partnero is unreachable\. The next attempt is (in \d+ seconds?|under way)\./,
    );
    expect(body).toContain('6 jobs wait; the oldest was queued');
  });

  it('has no button and no route that changes anything, unless actions is true', async () => {
    const running = await start({}, { delivery: { maxAgeDays: 0 } });
    refuseSignUps();
    await attribute(running, 'user-1');
    const { outbox } = running.app.get(PartneroService);
    await eventually(async () => (await outbox.stats()).dead === 1);
    const { body } = await get(`${running.url}/partnero`);
    expect(body).toContain('<code>user-1</code>');
    expect(body).not.toContain('method="post"');
    const response = await post(`${running.url}/partnero/requeue/outbox?all=true`, OWN);
    expect([response.status, (await outbox.stats()).dead]).toEqual([404, 1]);
  });

  describe('with actions and two dead letters', () => {
    let running: RunningApp;

    beforeEach(async () => {
      running = await start({ actions: true }, { delivery: { maxAgeDays: 0 } });
      refuseSignUps();
      await attribute(running, 'user-1');
      await attribute(running, 'user-2');
      await eventually(async () => (await stats()).dead === 2);
      fake.heal();
    });

    const stats = () => running.app.get(PartneroService).outbox.stats();

    async function buttons(): Promise<string[]> {
      const { body } = await get(`${running.url}/partnero`);
      return addressesIn(body, 'action', `${running.url}/partnero`).slice(1);
    }

    it('requeues the one whose button is pressed, then all', async () => {
      const { body } = await get(`${running.url}/partnero`);
      expect(body).toContain('Partnero could not be reached (ECONNRESET)');
      const [first] = await buttons();
      const one = await post(first!, OWN);
      expect(one.status).toBe(303);
      const target = new URL(one.headers.get('location')!, first).href;
      expect(target).toBe(`${running.url}/partnero?requeued=1`);
      expect((await get(target)).body).toContain('<p role="status" class="note">1 requeued.</p>');
      await eventually(() => fake.customers.length === 1);
      expect(fake.customers).toMatchObject([{ key: 'user-1' }]);
      expect((await stats()).dead).toBe(1);
      const all = (await buttons()).at(-1)!;
      await post(all, OWN);
      await eventually(async () => (await stats()).outcomes['attributed'] === 2);
      const none = await post(first!, OWN);
      expect(none.headers.get('location')).toContain('requeued=0');
    });

    it.each<[number, string, (url: URL) => Record<string, string>]>([
      [303, 'of the page itself', () => OWN],
      [303, 'of the page itself, where browsers say no more', ({ origin }) => ({ origin })],
      [403, 'of another site', () => ({ 'sec-fetch-site': 'cross-site' })],
      [403, 'of another subdomain', ({ origin }) => ({ origin, 'sec-fetch-site': 'same-site' })],
      [403, 'of another origin', () => ({ origin: 'https://evil.example' })],
      [403, 'of no origin', () => ({ origin: 'null' })],
      [403, 'of which nothing is known', () => ({})],
    ])('responds %d to a form %s', async (status, _, headersFor) => {
      const [first] = await buttons();
      const response = await post(first!, headersFor(new URL(running.url)));
      expect(response.status).toBe(status);
      if (status === 403) expect((await stats()).dead).toBe(2);
    });

    it.each([
      ['outbox', 400],
      ['nothing?all=true', 404],
      ['outbox?id=1&id=2', 400],
    ])('changes nothing for requeue/%s', async (path, status) => {
      const response = await post(`${running.url}/partnero/requeue/${path}`, OWN);
      expect([response.status, (await stats()).dead]).toEqual([status, 2]);
    });
  });

  it('shows a dashboard for each program', async () => {
    const running = await startApp({
      adapter,
      imports: [
        partnero(fake),
        partnero(fake, {
          name: 'other',
          outbox: sqliteOutbox({ path: `${temporaryFolder()}/outbox.db` }),
        }),
        PartneroDashboardModule.forRoot({ guards: [] }),
        PartneroDashboardModule.forRoot({ guards: [], path: 'others', program: 'other' }),
      ],
    });
    await attribute(running, 'user-1');
    await settled(running.app, 1);
    const [first, second] = await Promise.all(
      ['partnero', 'others'].map((path) => get(`${running.url}/${path}?customer=user-1`)),
    );
    expect(first!.body).toContain('Customer user-1 was credited to ann.');
    expect(second!.body).toContain('<h1>Partnero: other</h1>');
    expect(second!.body).toContain('There is no job of customer');
  });

  it('says so if the outbox cannot be read', async () => {
    const running = await start();
    const { outbox } = running.app.get(PartneroService);
    jest.spyOn(outbox, 'stats').mockRejectedValue(new Error('the disk is <gone>'));
    const { status, body } = await get(`${running.url}/partnero`);
    expect([status, body]).toEqual([200, expect.stringContaining('the disk is &#60;gone&#62;')]);
  });
});

describe('the options of the dashboard', () => {
  it.each<[object | undefined, RegExp]>([
    [{}, /guards must be a list of your guards, .*\(or \[\] if a global guard .*\), got nothing/],
    [undefined, /guards must be a list of your guards/],
    [{ guards: [], action: true }, /action is not an option/],
    [{ guards: [], actions: 'yes' }, /actions must be true or false/],
    [{ guards: [], path: '' }, /path must be a string/],
  ])('%j are refused', (options, message) => {
    expect(() => PartneroDashboardModule.forRoot(options as PartneroDashboardOptions)).toThrow(
      message,
    );
  });

  it('a program that the app does not have is refused at the start', async () => {
    const starting = startApp({
      imports: [partnero(fake), PartneroDashboardModule.forRoot({ guards: [], program: 'x' })],
    });
    await expect(starting).rejects.toThrow("the program 'x', which this app doesn't have");
  });
});

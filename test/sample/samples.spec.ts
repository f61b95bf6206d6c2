import { eventually } from '../support/eventually.js';
import { endSamples, startSample } from '../support/sample-process.js';
import { visit } from '../support/sign-up-client.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

let environment: Record<string, string>;

beforeEach(() => {
  environment = { PARTNERO_OUTBOX_PATH: `${temporaryFolder()}/outbox.db` };
});

afterEach(endSamples);
afterAll(removeTemporaryFolders);

describe('sample/01-sign-up', () => {
  const page = async (url: string, cookie = '') =>
    (await fetch(url, { headers: cookie ? { cookie } : {} })).text();

  async function comeBy(link: string): Promise<string> {
    const landing = await fetch(link);
    expect(landing.headers.get('cache-control')).toContain('private');
    return landing.headers.get('set-cookie')!.split(';')[0]!;
  }

  async function signUp(url: string, name: string, cookie: string): Promise<Response> {
    return fetch(`${url}/signup`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie },
      body: new URLSearchParams({ name, email: `${name}@example.com` }),
    });
  }

  /** Of a new user; and what the dashboard says of them. */
  async function userOf(url: string, response: Response) {
    expect(response.status).toBe(303);
    const account = response.headers.get('location')!;
    const id = account.split('/').at(-1)!;
    return { account: url + account, status: `${url}/partnero?customer=${id}` };
  }

  it('takes a visitor from a partner’s link to the dashboard', async () => {
    const sample = await startSample('01-sign-up', environment);
    expect(sample.output()).toContain('a fake Partnero runs beside this app');
    const { url } = sample;
    expect(await page(`${url}/?aff=ann`)).toContain('<b>ann</b>’s link was remembered');
    const cookie = await comeBy(`${url}/?aff=ann`);
    expect(cookie).toBe('partnero_partner=ann');
    expect(await page(`${url}/`, cookie)).toContain('<b>ann</b>’s link was remembered');
    expect(await page(`${url}/signup`, cookie)).toContain('<form');
    const { account, status } = await userOf(url, await signUp(url, 'Ada', cookie));
    expect(await page(account)).toContain('<h1>Welcome, Ada</h1>');
    await eventually(async () => (await page(status)).includes('was credited to ann.'));
  });

  it('says so of unreferred, unknown and failed sign-ups', async () => {
    const { url } = await startSample('01-sign-up', environment);
    expect(await page(`${url}/`)).toContain('Nobody’s link led here');
    const bob = await userOf(url, await signUp(url, 'Bob', ''));
    const eve = await userOf(url, await signUp(url, '<Eve>', await comeBy(`${url}/?aff=gone`)));
    expect((await signUp(url, '<Eve>', 'partnero_partner=ann')).status).toBe(409);
    await eventually(async () =>
      (await page(eve.status)).includes('Partnero doesn&#39;t know the partner gone.'),
    );
    expect(await page(bob.status)).toContain('There is no job of customer');
    expect(await page(eve.account)).not.toContain('<Eve>');
    expect((await fetch(`${url}/account/nobody`)).status).toBe(404);
  });

  it('takes sign-ups while Partnero is down, and sends them within ten seconds once it is back', async () => {
    const { url } = await startSample('01-sign-up', environment);
    const cookie = await comeBy(`${url}/?aff=ann`);
    await visit(`${url}/fake/down`);
    for (const name of ['Ada', 'Ben', 'Cleo', 'Dan']) {
      expect((await signUp(url, name, cookie)).status).toBe(303);
    }
    await eventually(
      async () =>
        /4 sign-ups wait in the outbox\. Partnero is unreachable\. The next attempt is in [2-6] seconds/.test(
          await page(`${url}/`),
        ),
      45_000,
    );
    await visit(`${url}/fake/up`);
    await eventually(
      async () => (await page(`${url}/`)).includes('No sign-up waits to be sent to Partnero.'),
      10_000,
    );
    expect(await page(`${url}/partnero`)).toMatch(/<td>attributed<\/td>[^]*?<td>4<\/td>/);
  }, 90_000);

  it('ends on SIGTERM without an error', async () => {
    const sample = await startSample('01-sign-up', environment);
    await sample.end();
    expect(sample.output()).not.toMatch(/error/i);
  });
});

describe('sample/02-fastify', () => {
  it('attributes a sign-up', async () => {
    const { url } = await startSample('02-fastify', environment);
    const response = await visit(`${url}/signup`, {
      partner: 'ann',
      body: { email: 'ada@example.com' },
    });
    const { id } = (await response.json()) as { id: string };
    const status = await eventually(async () => {
      const entries = (await (await fetch(`${url}/status/${id}`)).json()) as { state: string }[];
      return entries[0]?.state === 'completed' && entries;
    });
    expect(status).toMatchObject([{ outcome: 'attributed', referralKey: 'ann' }]);
  });
});

describe('sample/07-payments', () => {
  interface Found {
    atPartnero: object[];
    outbox: { pending: number; jobs: Record<string, { outcomes: Record<string, number> }> };
  }

  async function buy(url: string): Promise<{ client: string; metadata: object }> {
    const signedUp = await visit(`${url}/signup`, {
      partner: 'ann',
      body: { email: 'ada@example.com' },
    });
    const { id } = (await signedUp.json()) as { id: string };
    // A connected provider reports to Partnero at once, where the customer must exist.
    await eventually(async () => (await found(url)).outbox.pending === 0);
    const response = await visit(`${url}/checkout/${id}`);
    return (await response.json()) as { client: string; metadata: object };
  }

  const found = async (url: string) => (await (await fetch(`${url}/sales`)).json()) as Found;

  it('records a sale once, though the provider reports it twice, and refunds it', async () => {
    const { url } = await startSample('07-payments', environment);
    const { client } = await buy(url);
    await eventually(async () => (await found(url)).outbox.pending === 0);
    const { atPartnero, outbox } = await found(url);
    expect(atPartnero).toEqual([
      { key: 'in_1', customer: client, amount: '49', amount_units: 'USD' },
    ]);
    expect(outbox.jobs['transaction']!.outcomes).toEqual({ recorded: 1, duplicate: 1 });
    await visit(`${url}/checkout/refund/in_1`);
    await eventually(async () => (await found(url)).atPartnero.length === 0);
  });

  it('records no sale if the provider is connected in Partnero', async () => {
    const connected = { ...environment, PAYMENTS: 'connected' };
    const { url, output } = await startSample('07-payments', connected);
    expect(output()).toContain('it records the sales there');
    const { client, metadata } = await buy(url);
    expect(metadata).toEqual({ customer_key: client });
    const { atPartnero, outbox } = await found(url);
    expect(atPartnero).toMatchObject([{ key: 'in_1', customer: client, amount: '49' }]);
    expect(Object.keys(outbox.jobs)).toEqual(['attribution']);
  });
});

describe('sample/08-webhooks', () => {
  interface Found {
    commissions: { sale: string; amount: number }[];
    inbox: { outcomes: Record<string, number>; pending: number };
  }

  it('handles sales and refunds, though a handler fails now and then', async () => {
    const { url, output } = await startSample('08-webhooks', environment);
    const send = async (what: string) => {
      const response = await fetch(`${url}/fake/${what}`, { method: 'POST' });
      return (await response.json()) as { delivered: boolean }[];
    };
    const found = async () => (await (await fetch(`${url}/commissions`)).json()) as Found;
    expect(await send('sale/inv-1')).toMatchObject([{ delivered: true }]);
    await eventually(async () => (await found()).inbox.outcomes['handled'] === 1);
    expect((await found()).commissions).toEqual([{ sale: 'inv-1', amount: 14.7 }]);
    await send('sale/inv-2?fails=1');
    await send('refund/inv-1');
    await eventually(async () => (await found()).inbox.outcomes['handled'] === 3);
    const { commissions, inbox } = await found();
    expect(commissions).toEqual([{ sale: 'inv-2', amount: 14.7 }]);
    expect(inbox).toMatchObject({ queued: 3, pending: 0 });
    expect(output()).toContain('Commissions.add threw Error');
  });

  it('refuses an event that is not signed', async () => {
    const { url } = await startSample('08-webhooks', environment);
    const response = await fetch(`${url}/webhooks/partnero`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"event":"transaction.created","data":{"key":"inv-1"}}',
    });
    expect(response.status).toBe(401);
  });
});

describe('sample/10-observability', () => {
  it('serves metrics to Prometheus, and prints the spans of a sign-up and its delivery', async () => {
    const { url, output } = await startSample('10-observability', environment);
    const body = { email: 'ada@example.com' };
    expect((await visit(`${url}/signup`, { partner: 'ann', body })).status).toBe(201);
    await eventually(() => output().includes("name: 'partnero deliver attribution'"));
    expect(output()).toContain("name: 'partnero queue attribution'");
    await eventually(async () =>
      /^partnero_jobs_ended_total\{.*partnero_outcome="attributed".*\} 1$/m.test(
        await (await fetch(`${url}/metrics`)).text(),
      ),
    );
  });
});

import type { FakeApiVariants } from '../support/fake-partnero/api-variants.js';
import { FullFakePartnero } from '../support/fake-partnero/full-fake-partnero.js';
import { closeApps } from '../support/app.js';
import { commandLine, commandProcess, type CommandRun } from '../support/command-line.js';
import { setPartneroEnvironment } from '../support/environment.js';
import { forgetCalls, handled, startHandling } from '../support/event-handlers.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

const EVENTS = ['transaction.created', 'transaction.deleted'];
const HOOK = 'https://app.example.com/webhooks/partnero';

let fake: FullFakePartnero;

beforeEach(async () => {
  fake = await FullFakePartnero.start();
  setPartneroEnvironment({ PARTNERO_API_KEY: fake.apiKey, PARTNERO_BASE_URL: fake.baseUrl });
});

afterEach(async () => {
  setPartneroEnvironment({});
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

const ensure = (url = HOOK, events = EVENTS, ...more: string[]): Promise<CommandRun> =>
  commandLine('webhooks', 'ensure', '--url', url, '--events', events.join(','), ...more);

const secretIn = ({ out }: CommandRun) => out.replace('PARTNERO_WEBHOOK_SECRET=', '');
const writes = () => fake.requests.filter(({ method }) => method !== 'GET');

describe('webhooks ensure', () => {
  it('creates the webhook and prints the secret, with which an app verifies what Partnero delivers', async () => {
    forgetCalls();
    const before = await startHandling({ webhooks: { secret: 'unknown yet' } });
    const url = `${before.url}/hook`;
    const port = Number(new URL(url).port);
    await before.close();
    const run = await ensure(url);
    expect(run).toMatchObject({
      code: 0,
      err: `Created a webhook to ${url} for ${EVENTS.join(', ')}.`,
    });
    expect(fake.webhooks).toMatchObject([
      { name: 'nestjs-partnero', url, events: EVENTS, isActive: true },
    ]);
    expect(run.out).toBe(`PARTNERO_WEBHOOK_SECRET=${fake.webhooks[0]!.secret}`);
    const running = await startHandling({ webhooks: { secret: secretIn(run) } }, undefined, {
      port,
    });
    const [delivery] = await fake.sendEvent('transaction.created', { key: 'inv-1' });
    expect(delivery).toMatchObject({ statuses: [201], delivered: true });
    await handled(running, 2);
  });

  it('is safe to run twice: a webhook that is right is left alone, whoever made it', async () => {
    fake.addWebhook({ url: 'https://elsewhere.example.com/', events: ['partner.created'] });
    const made = fake.addWebhook({ url: HOOK, events: ['partner.created', ...EVENTS], name: 'X' });
    for (const run of [await ensure(), await ensure()]) {
      expect(run).toEqual({ code: 0, err: '', out: `PARTNERO_WEBHOOK_SECRET=${made.secret}` });
    }
    expect(fake.webhooks).toHaveLength(2);
    expect(fake.webhooks[1]).toEqual(made);
    expect(writes()).toEqual([]);
  });

  it('adds events that are missing, removes none, and activates a webhook that is inactive', async () => {
    const events = ['partner.created', 'transaction.created'];
    const made = fake.addWebhook({ url: HOOK, events, name: 'X', isActive: false });
    const { key } = made;
    const { code, err, out } = await ensure();
    const all = [...events, 'transaction.deleted'];
    expect([code, err]).toEqual([
      0,
      `Updated the webhook to ${HOOK}: it delivers ${all.join(', ')}.`,
    ]);
    expect(out).toContain(made.secret);
    expect(fake.webhooks).toEqual([{ ...made, key, name: 'X', isActive: true, events: all }]);
    await ensure();
    expect(writes()).toHaveLength(1);
  });

  it('says that it does not know an event, and leaves it to Partnero to refuse it', async () => {
    const { code, err } = await ensure(HOOK, ['transaction.creatd', 'partner.created']);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^No such event is known: transaction\.creatd\. Is it a typo\?\n.*events\.$/s,
    );
    expect(fake.requestsTo('POST /webhooks')).toHaveLength(1);
  });

  it('takes an address with a slash at the end for the same route', async () => {
    const made = fake.addWebhook({ url: `${HOOK}/`, events: EVENTS });
    expect(secretIn(await ensure())).toBe(made.secret);
    expect(writes()).toEqual([]);
  });

  it('finds its webhook on a later page', async () => {
    for (let i = 0; i < 130; i += 1) {
      fake.addWebhook({ url: `https://x.example.com/${i}`, events: EVENTS });
    }
    const { secret } = fake.addWebhook({ url: HOOK, events: EVENTS });
    expect(secretIn(await ensure())).toBe(secret);
    expect(fake.requestsTo('GET /webhooks')).toHaveLength(2);
    expect(fake.webhooks).toHaveLength(131);
  });

  it.each<[FakeApiVariants['webhookKeys'], created: number, left: number]>([
    ['unique', 1, 1],
    ['generated', 5, 1],
    // None of them can be deleted without the others.
    ['repeatable', 5, 5],
  ])('may run several times at once if keys are %s', async (keys, created, left) => {
    fake.apiVariants.webhookKeys = keys;
    fake.misbehave({ type: 'slow', ms: 300 }, { on: 'POST /webhooks' });
    const runs = await Promise.all(Array.from({ length: 5 }, () => ensure()));
    const posts = fake.requestsTo('POST /webhooks');
    expect(posts.filter(({ status }) => status === 201)).toHaveLength(created);
    expect(fake.webhooks).toHaveLength(left);
    const secrets = fake.webhooks.map(({ secret }) => secret);
    for (const run of runs) {
      expect(run.code).toBe(0);
      expect(secrets).toContain(secretIn(run));
    }
    const again = await ensure();
    for (const warned of [again, runs.find(({ err }) => err.includes('Several')) ?? runs[0]!]) {
      expect(warned.err.includes('Several webhooks')).toBe(left > 1);
    }
    expect(fake.webhooks).toHaveLength(left);
  });

  it('lets Partnero choose the key, if it refuses the one we ask for', async () => {
    const body = JSON.stringify({ errors: { key: ['The key is too long.'] } });
    fake.misbehave({ type: 'status', status: 422, body }, { on: 'POST /webhooks', times: 1 });
    expect((await ensure()).code).toBe(0);
    expect(fake.webhooks).toMatchObject([{ url: HOOK }]);
    const [withKey, without] = fake.requestsTo('POST /webhooks').map((request) => request.body);
    expect(withKey).toMatchObject({ key: expect.stringContaining('nestjs-partnero-') as string });
    expect(without).not.toHaveProperty('key');
  });

  it('says what Partnero refuses', async () => {
    const run = await ensure(HOOK, ['subscriber.created']);
    expect(run).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/422.*events/s) as string,
    });
    expect(fake.webhooks).toEqual([]);
  });

  it('warns if another webhook delivers to the same address', async () => {
    fake.addWebhook({ url: HOOK, events: EVENTS, name: 'by hand' });
    const { key, secret } = fake.addWebhook({ url: HOOK, events: EVENTS, name: 'nestjs-partnero' });
    const run = await ensure();
    expect(run.err).toContain('Several webhooks at Partnero deliver there');
    expect(run.err).toContain(`Delete all but ${key}.`);
    expect(secretIn(run)).toBe(secret);
    expect(fake.webhooks).toHaveLength(2);
  });

  it('prints the secret and nothing else to the output, so that it can be appended to a file', async () => {
    const events = EVENTS.flatMap((event) => ['--events', event]);
    const run = await commandProcess('webhooks', 'ensure', '--url', HOOK, ...events);
    const { secret } = fake.webhooks[0]!;
    expect(run).toMatchObject({ code: 0, out: `PARTNERO_WEBHOOK_SECRET=${secret}\n` });
    expect(run.err).toMatch(/^Created a webhook/);
    const { out } = await ensure(HOOK, EVENTS, '--json');
    expect(JSON.parse(out)).toMatchObject({ url: HOOK, events: EVENTS, secret });
  });

  it.each([undefined, '', 'two\nlines', '\u001b[2J'])(
    'says where to look up a secret that Partnero does not give: %j',
    async (signature) => {
      const data = [{ key: 'w1', name: 'X', url: HOOK, events: EVENTS, is_active: 1, signature }];
      const body = JSON.stringify({ status: 1, data });
      fake.misbehave({ type: 'status', status: 200, body }, { on: 'GET /webhooks' });
      const run = await ensure();
      expect(run).toMatchObject({ code: 0, out: 'The webhook is at Partnero, with the key w1.' });
      expect(run.err).toContain('Look up its signature in Partnero');
      expect(writes()).toEqual([]);
    },
  );

  it('takes the secret from the response to its creation, if the list does not hold it', async () => {
    const data = (webhook: object) => JSON.stringify({ status: 1, data: webhook });
    const row = { name: 'nestjs-partnero', url: HOOK, events: EVENTS, is_active: true };
    const faults: [string, object][] = [
      // The fault that was added last goes first.
      ['GET /webhooks', [{ ...row, key: 'w1' }]],
      ['GET /webhooks', [{ ...row, key: 'w1' }]],
      ['GET /webhooks', []],
      ['POST /webhooks', { ...row, key: 'w1', signature: 'from-the-response' }],
    ];
    for (const [on, body] of faults) {
      fake.misbehave({ type: 'status', status: 200, body: data(body) }, { on, times: 1 });
    }
    expect(secretIn(await ensure())).toBe('from-the-response');
  });

  it('prints no query of the address, which may hold a token, and nothing that a terminal obeys', async () => {
    const url = `${HOOK}?token=open-sesame`;
    const created = await ensure(url);
    expect(fake.webhooks[0]!.url).toBe(url);
    expect(created.err).not.toContain('open-sesame');
    fake.webhooks[0]!.events = ['odd\u001b[2J\n\u0085name'];
    const body = JSON.stringify({ status: 1 });
    fake.misbehave(
      { type: 'status', status: 200, body },
      { on: `PUT /webhooks/${fake.webhooks[0]!.key}` },
    );
    const updated = await ensure(url);
    expect(updated.err).toContain('odd\uFFFD[2J\uFFFD\uFFFDname');
  });

  it('fails if Partnero is down, and may simply run again', async () => {
    await fake.down();
    const down = await ensure();
    expect([down.code, down.out]).toEqual([1, '']);
    expect(down.err).toContain('GET /webhooks');
    await fake.up();
    expect((await ensure()).code).toBe(0);
  });

  it.each<[string, string[]]>([
    ['--url', ['--events', 'partner.created']],
    ['--url', ['--url', '/hook', '--events', 'partner.created']],
    ['--url', ['--url', 'ftp://x/hook', '--events', 'partner.created']],
    ['--url', ['--url', 'https://a:b@x/hook', '--events', 'partner.created']],
    ['--events', ['--url', HOOK]],
    ['--events', ['--url', HOOK, '--events', 'partner.created,']],
    ['--name', ['--url', HOOK, '--events', 'partner.created', '--name', 'n'.repeat(101)]],
    ["no 'now'", ['now', '--url', HOOK, '--events', 'partner.created']],
  ])('explains the usage: %s', async (named, args) => {
    const { code, out, err } = await commandLine('webhooks', 'ensure', ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err.split('\n')[0]).toContain(named);
    expect(fake.requests).toEqual([]);
  });

  it('explains the usage in a terminal', async () => {
    const run = await commandProcess('webhooks', 'ensure', '--url', HOOK, '--event', 'x');
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.err.split('\n')[0]).toContain("'--event'");
  });

  it('needs the API key', async () => {
    setPartneroEnvironment({ PARTNERO_BASE_URL: fake.baseUrl });
    const { code, err } = await ensure();
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/^webhooks ensure needs PARTNERO_API_KEY\. .*no .env file/),
    ]);
    expect(fake.requests).toEqual([]);
  });

  it('is part of the help', async () => {
    expect((await commandLine('--help')).out).toMatch(/webhooks <command>[^]*ensure[^]*test/);
    expect(await commandLine('webhooks')).toMatchObject({ code: 2, out: '' });
  });
});

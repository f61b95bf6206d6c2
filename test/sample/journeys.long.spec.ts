import { eventually } from '../support/eventually.js';
import { endSamples, startSample } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { Visitor, type Page } from '../support/visitor.js';

let environment: Record<string, string>;

beforeEach(() => {
  environment = { PARTNERO_OUTBOX_PATH: `${temporaryFolder()}/outbox.db` };
});

afterEach(endSamples);
afterAll(removeTemporaryFolders);

interface Entry {
  outcome: string;
  referralKey: string;
}

/** The response of /status/<id>, once no job is pending. */
function statusAt(url: string): Promise<Entry[]> {
  return eventually(async () => {
    const entries = (await (await fetch(url)).json()) as (Entry & { state: string })[];
    return entries.every(({ state }) => state === 'completed') && entries;
  });
}

const attributed = [expect.objectContaining({ outcome: 'attributed', referralKey: 'ann' })];

describe('sample/03-social-login', () => {
  let url: string;

  beforeEach(async () => {
    ({ url } = await startSample('03-social-login', environment));
    expect(url).toContain('localhost');
  });

  /** At the provider, he says who he is. */
  async function continueAs(who: string, visitor: Visitor, provider: Page): Promise<Page> {
    expect(provider.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/authorize\?/);
    const page = await visitor.open(`${provider.url}&as=${who}`, provider.url);
    const [, action] = /<form method="post" action="([^"]+)">/.exec(page.body) ?? [];
    if (action === undefined) return page;
    const inputs = page.body.matchAll(/name="(\w+)" value="([^"]+)"/g);
    const fields = Object.fromEntries([...inputs].map(([, name, value]) => [name!, value!]));
    return visitor.submit(action, page.url, fields);
  }

  describe.each(['google', 'apple'])('%s', (provider) => {
    async function signIn(who: string, visitor: Visitor, query = ''): Promise<Page> {
      const atProvider = await visitor.open(`${url}/auth/${provider}${query}`, url);
      return continueAs(who, visitor, atProvider);
    }

    it('attributes a new user, and a returning one not again', async () => {
      const visitor = new Visitor();
      await visitor.open(`${url}/?aff=ann`);
      const first = await signIn('ada', visitor);
      expect(await statusAt(first.url)).toEqual(attributed);
      const later = new Visitor();
      await later.open(`${url}/?aff=bob`);
      const second = await signIn('ada', later);
      expect(second.url).toBe(first.url);
      expect(await statusAt(second.url)).toEqual(attributed);
    });

    it('attributes who comes to the provider straight by the link', async () => {
      const page = await signIn('ada', new Visitor(), '?aff=ann');
      expect(await statusAt(page.url)).toEqual(attributed);
    });

    it('attributes nobody whom nobody sent', async () => {
      const page = await signIn('bob', new Visitor());
      expect([page.status, await statusAt(page.url)]).toEqual([200, []]);
    });
  });

  it('apple’s POST comes without cookies: the state alone brings the key', async () => {
    const visitor = new Visitor();
    await visitor.open(`${url}/?aff=ann`);
    const atProvider = await visitor.open(`${url}/auth/apple`, url);
    // As if all of them had been lost on the way.
    const page = await continueAs('ada', new Visitor(), atProvider);
    expect(await statusAt(page.url)).toEqual(attributed);
  });

  it.each([
    ['tampered with', (state: string) => state.replace('~', 'x~')],
    ['not ours', () => 'é'.repeat(90)],
  ])('a state that is %s is refused', async (_, change) => {
    const visitor = new Visitor();
    const { url: provider } = await visitor.open(`${url}/auth/apple?aff=ann`);
    const changed = new URL(provider);
    changed.searchParams.set('state', change(changed.searchParams.get('state')!));
    const refused = await continueAs('ada', visitor, { url: changed.href } as Page);
    expect(refused.status).toBe(401);
  });
});

describe('sample/04-magic-link', () => {
  it('the key survives to another device', async () => {
    const { url } = await startSample('04-magic-link', environment);
    const laptop = new Visitor();
    await laptop.open(`${url}/?aff=ann`);
    await laptop.submit(`${url}/login`, url, { email: 'ada@example.com' });
    const phone = new Visitor();
    const mails = JSON.parse((await phone.open(`${url}/mailbox`)).body) as { link: string }[];
    const page = await phone.open(`${url}${mails[0]!.link}`);
    expect(await statusAt(page.url)).toEqual(attributed);
    expect((await phone.open(`${url}${mails[0]!.link}`)).status).toBe(404);
  });

  it('without one, nobody is attributed', async () => {
    const { url } = await startSample('04-magic-link', environment);
    const visitor = new Visitor();
    await visitor.submit(`${url}/login`, url, { email: 'bob@example.com' });
    const mails = JSON.parse((await visitor.open(`${url}/mailbox`)).body) as { link: string }[];
    const page = await visitor.open(`${url}${mails[0]!.link}`);
    expect([page.status, await statusAt(page.url)]).toEqual([200, []]);
  });
});

describe('sample/05-graphql', () => {
  it('attributes a mutation that succeeds', async () => {
    const { url } = await startSample('05-graphql', environment);
    const visitor = new Visitor();
    await visitor.open(`${url}/?aff=ann`);
    const ask = async (query: string): Promise<{ data?: Record<string, unknown> }> =>
      JSON.parse((await visitor.fetch(`${url}/graphql`, url, { query })).body) as object;
    expect(await ask('mutation { signUp(email: "nobody") { id } }')).toHaveProperty('errors');
    const { data } = await ask('mutation { signUp(email: "ada@example.com") { id } }');
    const { id } = data!['signUp'] as { id: string };
    await eventually(
      async () => (await ask(`{ status(id: "${id}") }`)).data?.['status'] === 'attributed',
    );
  });
});

describe('sample/06-subdomains', () => {
  it('brings the key from www to api', async () => {
    const sample = await startSample('06-subdomains', environment);
    const visitor = new Visitor();
    const landing = await visitor.open(`${sample.url}/?aff=ann`);
    expect(landing.cookies).toEqual([expect.stringContaining('Domain=example.localhost;')]);
    const [, signUp] = /href="(http[^"]+)"/.exec(landing.body)!;
    const form = await visitor.open(signUp!, landing.url);
    const [, api] = /fetch\('([^']+)'/.exec(form.body)!;
    const account = await visitor.fetch(api!, form.url, { email: 'ada@example.com' });
    expect(account.headers['access-control-allow-credentials']).toBe('true');
    const { id } = JSON.parse(account.body) as { id: string };
    const status = new URL(`/status/${id}`, api);
    status.hostname = 'localhost';
    expect(await statusAt(status.href)).toEqual(attributed);
    expect(sample.output()).toContain('Disabled by the option enabled');
  });
});

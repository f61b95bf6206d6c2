import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PartneroService, sqliteOutbox } from 'nestjs-partnero';
import { FakePartnero } from 'nestjs-partnero/testing';
import { VERSION } from '#lib/version.js';
import { closeApps, partnero, startApp, type RunningApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const MAIN = resolve('dist/esm/cli/main.js');
const NOBODY = 65_534;
/** Only root can be somebody else. */
const asRoot = process.getuid?.() === 0 ? it : it.skip;

let fake: FakePartnero;
let path: string;

beforeEach(async () => {
  fake = await FakePartnero.start({ partners: ['ann'] });
  path = join(temporaryFolder(), 'outbox.db');
});

afterEach(async () => {
  await closeApps();
  await fake.stop();
});

afterAll(removeTemporaryFolders);

/** As `npx nestjs-partnero outbox …`. */
function outbox(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'outbox', ...args], {
    encoding: 'utf8',
    env: { ...process.env, PARTNERO_OUTBOX_PATH: path, NODE_OPTIONS: '' },
  });
  return { status, out: stdout, err: stderr };
}

const json = (...args: string[]) => JSON.parse(outbox(...args, '--json').out) as unknown;

const start = (options = {}) =>
  startApp({ imports: [partnero(fake, { outbox: sqliteOutbox({ path }), ...options })] });

const attribute = ({ app }: RunningApp, id: string, partner = 'ann') =>
  app.get(PartneroService).attribute({ key: partner }, { id });

const statsOf = ({ app }: RunningApp) => app.get(PartneroService).outbox.stats();

describe('outbox stats', () => {
  it('shows the sums, while the app runs', async () => {
    const running = await start();
    await attribute(running, 'user-1');
    await attribute(running, 'user-2', 'nobody');
    await eventually(async () => (await statsOf(running)).pending === 0);
    const { status, out, err } = outbox('stats');
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/^Program default\n/);
    for (const line of [/attributed +1/, /unknown_partner +1/, /pending +0/, /queued +2/]) {
      expect(out).toMatch(line);
    }
    expect(json('stats')).toMatchObject([
      { program: 'default', queued: 2, outcomes: { attributed: 1, unknown_partner: 1 } },
    ]);
  });

  it('shows what is pending, and since when', async () => {
    fake.apiKey = 'another';
    const running = await start({ apiKey: 'wrong' });
    await attribute(running, 'user-1');
    await eventually(async () => (await statsOf(running)).paused !== null);
    const [counts] = json('stats') as [object];
    expect(counts).not.toHaveProperty('paused');
    const { out } = outbox('stats', '--program', 'default');
    expect(out).toMatch(/pending +1/);
    expect(out).toMatch(/The oldest pending job was queued at \d{4}-/);
    expect(out).toMatch(
      /log says if Partnero rejects the API key .*partnero\.outbox\.stats\(\)\.paused/,
    );
  });
});

describe('outbox find', () => {
  it('tells why a customer was, or was not, credited', async () => {
    const running = await start();
    await attribute(running, 'user-1', 'nobody');
    await eventually(async () => (await statsOf(running)).pending === 0);
    const { out } = outbox('find', 'user-1');
    expect(out).toMatch(/customer +key +referral +status +failures +queued +ended +meaning/);
    expect(out).toMatch(
      /user-1 +nobody +unknown_partner +0 .* credited to nobody: Partnero doesn't know the partner nobody\.\n/,
    );
    expect(json('find', 'user-1')).toMatchObject([
      { customerKey: 'user-1', referralKey: 'nobody' },
    ]);
  });

  it('says whether a customer who was there already belongs to the same partner', async () => {
    fake.addPartner({ key: 'bob' });
    const running = await start();
    for (const partner of ['ann', 'ann', 'bob']) await attribute(running, 'user-1', partner);
    await eventually(async () => (await statsOf(running)).pending === 0);
    const { out } = outbox('find', 'user-1');
    expect(out).toMatch(/ bob +already_registered .* credited to someone other than bob\./);
    expect(out).toMatch(/ ann +already_registered .* already, credited to ann\./);
    expect(out).toMatch(/ ann +attributed .* Customer \S+ was credited to ann\.\n/);
  });

  it('says what to check if nothing is known of a customer', async () => {
    await start();
    const { status, out } = outbox('find', 'user-2');
    expect(status).toBe(0);
    expect(out).toContain(`There are no jobs of the customer user-2 in ${path}. Check:\n`);
    for (const check of ['your mapper', '--file', 'referral key', 'is lost', 'historyDays']) {
      expect(out).toContain(check);
    }
  });

  it('refuses a program that the file does not have', async () => {
    await start();
    expect(outbox('find', 'user-1', '--program', 'friends')).toEqual({
      status: 1,
      out: '',
      err: `There is no program 'friends' in ${path}. It has: 'default'.\n`,
    });
  });

  it('prints nothing that a terminal obeys', async () => {
    const running = await start({ delivery: { concurrency: 0 } });
    await attribute(running, 'user-\u001b[2J');
    expect(outbox('find', 'user-\u001b[2J').out).not.toContain('\u001b');
  });
});

describe('outbox dead-letters, requeue', () => {
  async function kill(running: RunningApp, ...ids: string[]): Promise<void> {
    for (const id of ids) await attribute(running, id);
    await eventually(async () => (await statsOf(running)).dead === ids.length);
  }

  it('lists what was given up, and has the running app deliver it again', async () => {
    fake.misbehave({ type: 'status', status: 503 }, { on: 'POST /customers' });
    const running = await start({ delivery: { maxAgeDays: 0 } });
    await kill(running, 'user-1', 'user-2', 'user-3');
    expect(outbox('dead-letters').out).toMatch(/user-1[^]*user-2[^]*user-3/);
    const [first] = json('dead-letters') as { id: string }[];
    fake.heal();
    expect(json('requeue', '--id', first!.id)).toEqual({ requeued: 1 });
    expect(json('requeue', '--customer', 'user-2')).toEqual({ requeued: 1 });
    expect(outbox('dead-letters').out).toMatch(
      / dead +1 .* failed for too long: Partnero responded 503, .* can be requeued\.\n/,
    );
    expect(outbox('stats').out).toContain('nestjs-partnero outbox dead-letters');
    expect(outbox('requeue', '--all').out).toBe(
      '1 job will be delivered again, by the app if it is running.\n',
    );
    expect(outbox('requeue', '--all').out).toContain('No dead letter matches');
    await eventually(async () => (await statsOf(running)).outcomes['attributed'] === 3, 20_000);
    expect(outbox('dead-letters').out).toBe('There are no dead letters.\n');
  });

  it('takes exactly one filter', async () => {
    await start();
    for (const args of [[], ['--all', '--id', '1']]) {
      expect(outbox('requeue', ...args)).toMatchObject({ status: 2, out: '' });
    }
  });
});

describe('outbox forget', () => {
  it('erases what is kept of a customer', async () => {
    const running = await start();
    await attribute(running, 'user-1');
    await eventually(async () => (await statsOf(running)).pending === 0);
    expect(outbox('forget', 'user-1').out).toBe('1 job erased.\n');
    expect(json('find', 'user-1')).toEqual([]);
    expect(await statsOf(running)).toMatchObject({ queued: 1, outcomes: { attributed: 1 } });
  });
});

describe('the command line', () => {
  it('explains itself', async () => {
    await start();
    expect(outbox('--help').out).toContain('Usage: nestjs-partnero outbox');
    expect(outbox('nonsense')).toMatchObject({ status: 2, out: '' });
    expect(outbox('stats', '--nonsense').err).toContain('--nonsense');
    expect(outbox('find').err).toBe(
      'This command takes one customer key, the id of your user.\n' +
        'For all commands and options: npx nestjs-partnero --help\n',
    );
    expect(outbox('--version').out).toBe(`${VERSION}\n`);
  });

  it('makes no file, and says what it found instead of an outbox', () => {
    expect(outbox('stats')).toEqual({
      status: 1,
      out: '',
      err: expect.stringMatching(
        /^There is no outbox at .*: no app has used it yet\. .*--file\.\n$/,
      ) as string,
    });
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, '');
    expect(outbox('stats').err).toContain('no app has used it yet');
    writeFileSync(path, 'x'.repeat(10_000));
    expect(outbox('stats').err).toContain("can't be used: file is not a database");
    expect(outbox('stats', '--file', `${path}.elsewhere`).err).toContain('elsewhere');
  });

  it.each([
    [['stats', 'extra'], "This command takes no 'extra'."],
    [['dead-letters', 'u1'], "This command takes no 'u1'."],
    [['requeue', 'u1', '--all'], "This command takes no 'u1'."],
    [['stats', '--url', 'postgres://x'], 'stats reads a file: --file, not --url.'],
    [['stats', '--fil', 'x'], "Unknown option '--fil'."],
    [[], 'outbox takes one of these commands: stats, find, dead-letters,'],
  ])('refuses %j', async (args, message) => {
    await start();
    const { status, out, err } = outbox(...args);
    expect([status, out]).toEqual([2, '']);
    expect(err.startsWith(message)).toBe(true);
    expect(err).toContain('--help');
  });

  asRoot('says that it may not look into the folder, not that there is no outbox', async () => {
    await start();
    await closeApps();
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'outbox', 'stats'], {
      encoding: 'utf8',
      env: { ...process.env, PARTNERO_OUTBOX_PATH: path, NODE_OPTIONS: '' },
      uid: NOBODY,
      gid: NOBODY,
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`${path} can't be used: EACCES: permission denied`);
  });

  it('names the file that fails', async () => {
    await start();
    await closeApps();
    const file = new DatabaseSync(path);
    file.exec('DROP TABLE jobs');
    file.close();
    const { status, err } = outbox('requeue', '--all');
    expect([status, err]).toEqual([1, `${path} can't be used just now: no such table: jobs.\n`]);
  });
});

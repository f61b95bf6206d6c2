import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { Client } from 'pg';
import { onPostgres, type Place } from '../support/stores.js';

const MAIN = resolve('dist/esm/cli/main.js');

let postgres: Place;
let schema: string;

beforeAll(async () => {
  postgres = await onPostgres();
});

beforeEach(() => {
  schema = postgres.newName();
});

afterAll(() => postgres.leave());

/** As `npx nestjs-partnero outbox …`. */
function outbox(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'outbox', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], DATABASE_URL: postgres.url, ...environment },
  });
  return { status, out: stdout, err: stderr };
}

const on = (command: string, ...more: string[]) => outbox([command, '--schema', schema, ...more]);

describe('outbox migrate', () => {
  it('creates the tables, once', () => {
    expect(on('migrate')).toEqual({
      status: 0,
      out: 'Applied migration 1: create the outbox.\n',
      err: '',
    });
    expect(on('migrate').out).toBe(`The schema "${schema}" is up to date.\n`);
    expect(on('migrate', '--json').out).toBe('[]\n');
  });

  it('takes the database from --url rather than DATABASE_URL', () => {
    const args = ['migrate', '--schema', schema, '--url', postgres.url];
    expect(outbox(args, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x' }).status).toBe(0);
    expect(outbox(['migrate'], { DATABASE_URL: '' })).toMatchObject({ status: 2, out: '' });
  });
});

describe('outbox status', () => {
  it('fails while a migration is pending, and lists when each was applied', () => {
    expect(on('status')).toMatchObject({ status: 1, err: '' });
    expect(on('status').out).toMatch(/1 +create the outbox +pending/);
    on('migrate');
    const { status, out } = on('status');
    expect([status, out]).toEqual([0, expect.stringMatching(/1 +create the outbox +\d{4}-/)]);
    expect(JSON.parse(on('status', '--json').out)).toMatchObject([{ version: 1 }]);
  });
});

describe('outbox sql', () => {
  it('prints SQL that does what migrate does, without a database', async () => {
    const { status, out } = outbox(['sql', '--schema', schema], { DATABASE_URL: '' });
    expect(status).toBe(0);
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(out);
    await client.end();
    expect(on('status').status).toBe(0);
  });
});

describe('The commands for PostgreSQL', () => {
  it.each([
    ['a server that is away', 'postgres://me:secret-1@127.0.0.1:1/x', "can't be reached"],
    ['a connection string that is none', 'postgres://me:secret-1@[/x', 'postgres://user@host'],
  ])('name the cause for %s, and no password', (_, url, message) => {
    const { status, out, err } = outbox(['status', '--url', url]);
    expect([status, out]).toEqual([1, '']);
    expect(err).toContain(message);
    expect(err).not.toContain('secret-1');
  });

  it('refuse a schema that is none, and operands', () => {
    expect(outbox(['sql', '--schema', 'a b']).err).toContain('--schema must be of lower-case');
    expect(outbox(['sql', 'now'])).toMatchObject({ status: 2, out: '' });
  });

  it('are part of the help', () => {
    expect(outbox(['--help']).out).toMatch(/migrate[^]*status[^]*sql/);
  });
});

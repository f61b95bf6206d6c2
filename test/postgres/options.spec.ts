import { inspect } from 'node:util';
import { postgresOutbox, type PostgresExecutor } from 'nestjs-partnero/postgres';
import { onPostgres, type Place } from '../support/stores.js';
import { newJob, RunningEngine } from '../support/running-engine.js';

let postgres: Place;
const environment = { ...process.env };

beforeAll(async () => {
  postgres = await onPostgres();
});

afterEach(async () => {
  process.env = { ...environment };
  await RunningEngine.closeAll();
});

afterAll(() => postgres.leave());

const executor: PostgresExecutor = {
  transaction: () => Promise.reject(new Error('never called')),
  inTransaction: () => ({ query: () => [] }),
};

describe('postgresOutbox()', () => {
  it.each<[string, object, string]>([
    ['a misspelled option', { conection: 'x' }, 'postgresOutbox.conection is not an option'],
    [
      'two databases',
      { executor, connectionString: 'x' },
      'executor or connectionString, not both',
    ],
    ['a client without its adapter', { executor: {} }, 'executor must be what fromPg()'],
    ['an empty connection string', { connectionString: '' }, 'connectionString must be'],
    ['a schema that needs quotes', { executor, schema: 'a"; DROP' }, 'lower-case letters'],
    ['the schema of everybody', { executor, schema: 'public' }, 'neither be public'],
    ['a schema of the system', { executor, schema: 'pg_x' }, 'nor begin with pg_'],
    ['a migrate that is neither', { executor, migrate: 'yes' }, 'migrate must be true or false'],
  ])('refuses %s at once', (_, options, message) => {
    expect(() => postgresOutbox(options)).toThrow(message);
  });

  it('reads DATABASE_URL when the app starts, and not before', async () => {
    delete process.env['DATABASE_URL'];
    const schema = postgres.newName();
    const definition = postgresOutbox({ schema });
    expect(() => new RunningEngine(definition)).toThrow('set DATABASE_URL');
    await expect(definition.exists('default')).rejects.toThrow('set DATABASE_URL');
    process.env['DATABASE_URL'] = postgres.url;
    const on = await RunningEngine.open(definition);
    await on.engine.enqueue(newJob('1'));
  });

  it('knows whether a program is there, and creates nothing to find out', async () => {
    const schema = postgres.newName();
    const definition = postgresOutbox({ connectionString: postgres.url, schema });
    expect(await definition.exists('default')).toBe(false);
    expect(await definition.exists('default')).toBe(false);
    await RunningEngine.open(definition);
    expect(await definition.exists('default')).toBe(true);
    expect(await definition.exists('other')).toBe(false);
  });

  it('migrates at start, but not in production unless told to', async () => {
    process.env['NODE_ENV'] = 'production';
    const options = { connectionString: postgres.url, schema: postgres.newName() };
    await expect(RunningEngine.open(postgresOutbox(options))).rejects.toThrow(
      /outbox migrate.*outbox sql.*migrate: true/,
    );
    await RunningEngine.open(postgresOutbox({ ...options, migrate: true }));
    await RunningEngine.open(postgresOutbox(options));
  });

  it('names its place without user and password', () => {
    const connectionString = 'postgres://user:secret-1@db.example:5433/shop?password=secret-1';
    const { engine } = new RunningEngine(postgresOutbox({ connectionString }));
    expect(engine.location).toBe('PostgreSQL on db.example:5433/shop, schema partnero');
    const own = new RunningEngine(postgresOutbox({ executor, schema: 'mine' }));
    expect(own.engine.location).toBe('PostgreSQL, schema mine');
  });

  it('shows no password when it is printed', () => {
    const connectionString = 'postgres://user:secret-1@127.0.0.1:1/x';
    const { engine } = new RunningEngine(postgresOutbox({ connectionString }));
    expect(inspect(engine, { depth: 12, showHidden: true })).not.toContain('secret-1');
  });

  it('closes only connections of its own', async () => {
    let closed = 0;
    const own: PostgresExecutor = { ...executor, close: () => Promise.resolve(void (closed += 1)) };
    await new RunningEngine(postgresOutbox({ executor: own })).close();
    expect(closed).toBe(0);
  });
});

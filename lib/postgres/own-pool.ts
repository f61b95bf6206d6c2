import { setTimeout as sleep } from 'node:timers/promises';
import { loadPackage } from '../common/load-package.js';
import { fromPg } from './clients/from-pg.js';
import type { PostgresExecutor } from './postgres-executor.js';
import { CONNECT_MS } from './transaction-limits.js';

/** A commit, the next one, a heartbeat, and one to spare. */
const MAX_CONNECTIONS = 4;
const CLOSE_MS = 500;
const INSTALL =
  'Run: npm install pg. Or pass the client that your app uses: ' +
  'postgresOutbox({ executor: fromTypeOrm(dataSource) }).';

/** A small pool of the outbox's own. It connects when it is first used, and needs the package `pg`. */
export function connect(connectionString: string): PostgresExecutor {
  let opening: ReturnType<typeof openPool> | undefined;
  let ending: Promise<void> | undefined;
  const executor = fromPg({
    connect: async () => (await (opening ??= openPool(connectionString))).connect(),
  });
  return {
    ...executor,
    async close() {
      const pool = await opening?.catch(() => undefined);
      // A server that doesn't respond isn't waited for.
      ending ??= pool?.end();
      await Promise.race([ending, sleep(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}

async function openPool(connectionString: string) {
  const { default: pg } = await loadPackage('pg', () => import('pg'), INSTALL);
  const pool = new pg.Pool({
    connectionString,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'nestjs-partnero',
  });
  // The pool drops an idle connection that fails; the next transaction opens another one.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Db as IDatabase, PgBoss } from 'pg-boss';
import type { Opening } from '../outbox/fleet/store-link.js';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { DEFAULT_PROGRAM } from '../program.tokens.js';
import type { ResolvedPostgresOptions } from './postgres.options.js';

/** A pg-boss that runs, and its database. */
export interface Linked {
  readonly boss: PgBoss;
  readonly db: IDatabase;
}

const CLOSE_MS = 500;
/** Of an attempt to connect; sign-ups wait for it. */
const CONNECT_MS = 3_000;
/** Its own jobs say nothing: they are kept until they are of no use, however long that is. */
const RETENTION_SECONDS = 10 * 365 * 86_400;

/** @throws PartneroConfigurationError if pg-boss isn't installed */
export async function openBoss(
  { source, schema }: ResolvedPostgresOptions,
  trouble: (error: unknown) => void,
): Promise<Opening<Linked>> {
  if ('boss' in source) {
    return { linked: start(source.boss), close: () => Promise.resolve() };
  }
  const { PgBoss: Boss } = await loadPgBoss();
  const boss = new Boss({
    ...source,
    schema,
    schedule: false,
    application_name: 'nestjs-partnero',
    connectionTimeoutMillis: CONNECT_MS,
  });
  boss.on('error', trouble);
  const close = async () => {
    // One that doesn't answer would be waited for.
    const stopping = boss.stop({ graceful: false }).catch(() => {});
    await Promise.race([stopping, sleep(CLOSE_MS, undefined, { ref: false })]);
  };
  return { linked: start(boss), close };
}

async function start(boss: PgBoss): Promise<Linked> {
  await boss.start();
  return { boss, db: boss.getDb() };
}

/** Makes the queue of a program, if it isn't there. */
export async function makeQueue({ boss }: Linked, name: string): Promise<void> {
  if (await boss.getQueue(name)) return;
  await boss.createQueue(name, {
    policy: 'standard',
    retentionSeconds: RETENTION_SECONDS,
    // Of one that was taken and neither used nor given back, since its process died just then.
    expireInSeconds: 60,
    retryLimit: 1_000,
  });
}

/** Names of programs may hold what names of queues may not. */
export function queueNameOf(schema: string, program: string): string {
  const name = program.replaceAll(/[^\w-]/gu, (char) => `.${char.codePointAt(0)}.`);
  return program === DEFAULT_PROGRAM ? schema : `${schema}/${name}`;
}

async function loadPgBoss(): Promise<typeof import('pg-boss')> {
  try {
    return await import('pg-boss');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new PartneroConfigurationError(
      `postgresOutbox() needs the package pg-boss, which can't be loaded (${code}): npm install pg-boss`,
    );
  }
}

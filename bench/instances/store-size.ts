import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { Engine, Place } from './engines.js';

const USED: Record<Engine, (place: Place) => number | Promise<number>> = {
  sqlite: pagesInUse,
  bullmq: memoryInUse,
  postgres: rowsInUse,
};

/** Bytes that a store takes, without what is free in it. */
export async function usedBytes(place: Place): Promise<number> {
  return USED[place.engine](place);
}

function pagesInUse({ at, name }: Place): number {
  const file = new DatabaseSync(`${at}/${name}.db`);
  const read = (what: string) =>
    Number(Object.values(file.prepare(`PRAGMA ${what}`).get() ?? {})[0]);
  const bytes = (read('page_count') - read('freelist_count')) * read('page_size');
  file.close();
  return bytes;
}

/** Of all of Redis, whatever else is in it. */
async function memoryInUse({ at }: Place): Promise<number> {
  const redis = new Redis(at);
  const info = await redis.info('memory');
  redis.disconnect();
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}

async function rowsInUse({ at, name }: Place): Promise<number> {
  const client = new Client({ connectionString: at });
  await client.connect();
  const tables = await client.query<{ id: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS id FROM pg_tables WHERE schemaname = $1`,
    [name],
  );
  for (const { id } of tables.rows) await client.query(`VACUUM FULL ${id}`);
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT sum(pg_total_relation_size(format('%I.%I', schemaname, tablename)::regclass)) AS bytes
     FROM pg_tables WHERE schemaname = $1`,
    [name],
  );
  await client.end();
  return Number(rows[0]?.bytes);
}

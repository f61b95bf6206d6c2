import { Redis } from 'ioredis';
import { Client } from 'pg';
import { endPostgresServers, PostgresServer } from './postgres-server.js';
import { endRedisServers, RedisServer } from './redis-server.js';

/** A place for stores on a server that others may be using, and what is left of them at the end. */
export interface Place {
  readonly url: string;
  /** Of a store that nobody else has. */
  newName(): string;
  /** Removes what was made, and only that. */
  leave(): Promise<void>;
}

/** On the Redis at REDIS_URL, or one of the test's own. */
export async function onRedis(): Promise<Place> {
  const url = process.env['REDIS_URL'] ?? (await RedisServer.start()).url;
  const names = namesFor('test-');
  return {
    url,
    newName: names.next,
    async leave() {
      const redis = new Redis(url);
      for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
        const [next, keys] = await redis.scan(cursor, 'MATCH', `${names.common}*`, 'COUNT', 1_000);
        if (keys.length > 0) await redis.del(...keys);
        cursor = next;
      }
      redis.disconnect();
      await endRedisServers();
    },
  };
}

/** On the PostgreSQL at DATABASE_URL, or one of the test's own. */
export async function onPostgres(): Promise<Place> {
  const url = process.env['DATABASE_URL'] ?? (await PostgresServer.start()).url;
  const names = namesFor('test_');
  return {
    url,
    newName: names.next,
    async leave() {
      const client = new Client({ connectionString: url });
      await client.connect();
      for (const name of names.made) {
        await client.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
      }
      await client.end();
      await endPostgresServers();
    },
  };
}

function namesFor(start: string) {
  const common = `${start}${process.pid}${start.at(-1)}`;
  const made: string[] = [];
  const next = () => {
    made.push(`${common}${made.length + 1}`);
    return made.at(-1)!;
  };
  return { common, made, next };
}

import type { Outbox, OutboxContext, OutboxDefinition } from '../outbox.js';
import { SqliteEngine } from './sqlite.engine.js';
import { resolveSqliteOptions, type SqliteOutboxOptions } from './sqlite.options.js';
import { SqliteOutbox } from './sqlite.outbox.js';
import { existsSync } from 'node:fs';

/**
 * The embedded outbox: one SQLite file, nothing to install or run. The default.
 *
 * @example
 * PartneroModule.forRoot({ outbox: sqliteOutbox({ path: '/data/partnero/outbox.db' }) })
 */
export function sqliteOutbox(options?: SqliteOutboxOptions): OutboxDefinition {
  return {
    engine: 'sqlite',
    durable: true,
    async knows(program: string): Promise<boolean> {
      const settings = resolveSqliteOptions(options, process.env);
      if (!existsSync(settings.path)) return false;
      const engine = await SqliteEngine.acquire(settings);
      try {
        return await engine.call('knows', program, {});
      } finally {
        await engine.release();
      }
    },
    create(context: OutboxContext): Outbox {
      return new SqliteOutbox(context, resolveSqliteOptions(options, process.env));
    },
  };
}

import { existsSync } from 'node:fs';
import type { OutboxDefinition } from '../outbox-engine.js';
import { SqlOutbox } from '../sql/sql-outbox.js';
import { SqliteConnection } from './sqlite-connection.js';
import { resolveSqliteOptions, type SqliteOutboxOptions } from './sqlite.options.js';

/**
 * The embedded outbox: one SQLite file, nothing to install or run. The default.
 *
 * @example
 * PartneroModule.forRoot({ outbox: sqliteOutbox({ path: '/data/partnero/outbox.db' }) })
 */
export function sqliteOutbox(options?: SqliteOutboxOptions): OutboxDefinition {
  const settings = () => resolveSqliteOptions(options, process.env);
  return {
    engine: 'sqlite',
    durable: true,
    async exists(program) {
      const { path } = settings();
      if (!existsSync(path)) return false;
      const { HistoryFile } = await import('./history-file.js');
      const file = HistoryFile.open(path);
      try {
        return file.programs.includes(program);
      } finally {
        file.close();
      }
    },
    create(context) {
      const { path } = settings();
      return new SqlOutbox(path, SqliteConnection.get(settings(), context.log), context);
    },
  };
}

import type { Db as IDatabase } from 'pg-boss';
import { PartneroConfigurationError } from '../partnero.configuration-error.js';
import { install, SCHEMA_VERSION } from './sql/index.js';

type Argument = string | number | boolean | null | undefined | readonly (string | number)[];

/** Our own tables, and the functions that alone change them. */
export class Tables {
  constructor(private readonly schema: string) {}

  /** @throws PartneroConfigurationError if a newer version has made them */
  async prepare(db: IDatabase): Promise<void> {
    const version = await this.version(db);
    if (version === SCHEMA_VERSION) return;
    if (version > SCHEMA_VERSION) {
      throw new PartneroConfigurationError(
        `The schema ${this.schema} was made by a newer version of nestjs-partnero (format ${version}, ` +
          `this one knows ${SCHEMA_VERSION})`,
      );
    }
    await db.executeSql(install(this.schema));
  }

  /** Which version has made the tables; 0 if none has. */
  async version(db: IDatabase): Promise<number> {
    const table = `${this.schema}.outbox_version`;
    const found = await db.executeSql(`SELECT to_regclass('${table}') IS NOT NULL AS is_there`);
    if (!(found.rows as { is_there: boolean }[])[0]?.is_there) return 0;
    const { rows } = await db.executeSql(`SELECT version FROM ${table}`);
    return (rows as { version: number }[])[0]?.version ?? 0;
  }

  /** What a function returns: a scalar. */
  async call(db: IDatabase, name: string, ...args: readonly Argument[]): Promise<unknown> {
    const places = args.map((_, i) => `$${i + 1}`).join(', ');
    const text = `SELECT ${this.schema}.outbox_${name}(${places}) AS reply`;
    const { rows } = await db.executeSql(
      text,
      args.map((each) => each ?? null),
    );
    return (rows as { reply: unknown }[])[0]?.reply ?? null;
  }

  /** The same for one that returns JSON as a text. */
  async read<T>(db: IDatabase, name: string, ...args: readonly Argument[]): Promise<T> {
    return JSON.parse((await this.call(db, name, ...args)) as string) as T;
  }

  /** Whether this program was ever here. */
  async knows(db: IDatabase, program: string): Promise<boolean> {
    if ((await this.version(db)) === 0) return false;
    const text = `SELECT 1 FROM ${this.schema}.outbox_programs WHERE name = $1`;
    return (await db.executeSql(text, [program])).rows.length > 0;
  }
}

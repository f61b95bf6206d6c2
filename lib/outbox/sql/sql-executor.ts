export type SqlParam = string | number | null;
export type SqlRow = Readonly<Record<string, unknown>>;

/** Runs statements on one connection, inside a transaction. Parameters are `$1`, `$2`, … */
export interface SqlExecutor {
  query(sql: string, params: readonly SqlParam[]): Promise<SqlRow[]> | SqlRow[];
}

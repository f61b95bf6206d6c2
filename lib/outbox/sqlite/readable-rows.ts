import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

export type JobRow = Record<string, SQLInputValue> & {
  seq: number;
  program: string;
  kind: string;
  lane: string;
  state: number;
};

const PAGE = 500;
/** Of the table itself: an index may be damaged too, or say other things than the table. */
const UNSETTLED =
  'SELECT * FROM jobs NOT INDEXED WHERE seq >= ? AND state < 2 ORDER BY seq LIMIT ?';

/** What isn't settled in a file, past what can't be read of it. */
export function* readableRows(db: DatabaseSync): Generator<JobRow> {
  const select = db.prepare(UNSETTLED);
  for (let from: number | null = 0; from !== null;) {
    const rows: JobRow[] | null = attempt(select, from, PAGE) ?? attempt(select, from, 1);
    if (rows?.length === 0) return;
    yield* rows ?? [];
    from = rows ? rows.at(-1)!.seq + 1 : beyondDamage(select, from);
  }
}

/** The first number behind `damaged` from which the table can be read on, if there is one. */
function beyondDamage(select: StatementSync, damaged: number): number | null {
  let bad = damaged;
  let good = bad + 1;
  for (let step = 2; attempt(select, good, 1) === null; step *= 2) {
    bad = good;
    good += step;
    if (good > Number.MAX_SAFE_INTEGER) return null;
  }
  while (good - bad > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (attempt(select, middle, 1) === null) bad = middle;
    else good = middle;
  }
  return good;
}

function attempt(select: StatementSync, from: number, limit: number): JobRow[] | null {
  try {
    return select.all(from, limit) as JobRow[];
  } catch {
    return null;
  }
}

import type { Dialect } from './dialect.js';

const ENTRY = `id, program, name AS "jobName", coalesce(long_ordering_key, ordering) AS "customerKey", key,
  referral_key AS "referralKey", state, outcome, reason, detail, attempts, queued_at AS "queuedAt",
  ended_at AS "endedAt", seq`;
const JOB = `id, name, coalesce(long_ordering_key, ordering) AS "orderingKey",
  referral_key AS "referralKey", payload, queued_at AS "queuedAt", attempts, checkpoint, seq`;

/** Everything in a row but its number, which each database gives anew. */
const MOVED = `id, program, name, ordering, long_ordering_key, referral_key, key, payload, checkpoint,
  queued_at, state, owner, due, attempts, failed_at, outcome, reason, detail, ended_at`;
const NUMBERS = new Set(['queued_at', 'state', 'due', 'attempts', 'failed_at', 'ended_at']);

/** Wait of a job behind another of its order, if nobody wakes it: 1 s, doubled up to a minute. */
const PARKED_MS = 'CASE WHEN parked < 6 THEN 1000 << parked ELSE 60000 END';

const field = (name: string) =>
  NUMBERS.has(name) ? `CAST(value->>'${name}' AS bigint)` : `value->>'${name}'`;

/** All that the store says to the database. Where a statement has rows, `$1` is a JSON array. */
export function statements(dialect: Dialect) {
  const { prefix: p, now, skipLocked } = dialect;
  const rows = dialect.elements('$1');
  const ids = `(SELECT value->>'id' FROM ${rows})`;
  const seqs = `(SELECT CAST(value->>'seq' AS bigint) FROM ${rows})`;
  const claimed = 'id = $1 AND owner = $2 AND state = 0';
  const isBehind = (job: string) => `EXISTS (SELECT 1 FROM ${p}jobs AS earlier
    WHERE earlier.program = ${job}.program AND earlier.ordering = ${job}.ordering
      AND earlier.state < 2 AND earlier.seq < ${job}.seq)`;
  return {
    lockOrdering: dialect.lockOrdering?.(rows) ?? null,
    insert: `INSERT INTO ${p}jobs (id, program, name, ordering, long_ordering_key, referral_key, key,
        payload, queued_at, owner, due)
      SELECT value->>'id', value->>'program', value->>'name', value->>'ordering',
        value->>'longOrderingKey', value->>'referralKey', value->>'key', value->>'payload',
        CAST(value->>'queuedAt' AS bigint), value->>'owner', ${now}
      FROM ${rows} WHERE true ORDER BY n
      ON CONFLICT (id) DO NOTHING
      RETURNING id, program, name, ordering, seq, NOT ${isBehind('jobs')} AS first`,
    outcomeOf: `SELECT outcome FROM ${p}jobs WHERE id = $1`,

    // A job numbered earlier whose transaction was committed later may find a later one being sent.
    candidates: `SELECT job.seq, ${isBehind('job')} OR EXISTS (SELECT 1 FROM ${p}jobs AS other
        WHERE other.program = job.program AND other.ordering = job.ordering AND other.state = 0
          AND other.owner IS NOT NULL) AS blocked
      FROM ${p}jobs AS job
      WHERE job.program = $1 AND job.state = 0 AND job.owner IS NULL AND job.due <= ${now}
      ORDER BY job.due, job.seq LIMIT $2 ${skipLocked}`,
    take: `UPDATE ${p}jobs SET owner = $2, parked = 0
      WHERE seq IN ${seqs} AND owner IS NULL AND state = 0 RETURNING ${JOB}`,
    park: `UPDATE ${p}jobs SET due = ${now} + ${PARKED_MS}, parked = parked + 1
      WHERE seq IN ${seqs} AND owner IS NULL AND state = 0`,
    wake: `UPDATE ${p}jobs SET due = ${now}, parked = 0
      WHERE parked > 0 AND state = 0 AND owner IS NULL AND seq IN (
        SELECT (SELECT min(seq) FROM ${p}jobs AS first WHERE first.program = value->>'program'
          AND first.ordering = value->>'ordering' AND first.state < 2) FROM ${rows})`,
    nextDue: `SELECT due - ${now} AS ms FROM ${p}jobs
      WHERE program = $1 AND state = 0 AND owner IS NULL AND due > ${now} ORDER BY due LIMIT 1`,
    // A time further ahead than any delay was set by a clock that was wrong.
    rescheduleSkewed: `UPDATE ${p}jobs SET due = ${now}
      WHERE program = $1 AND state = 0 AND owner IS NULL AND due > ${now} + CAST($2 AS bigint)`,

    saveCheckpoint: `UPDATE ${p}jobs SET checkpoint = $3 WHERE ${claimed} RETURNING id`,
    complete: `UPDATE ${p}jobs SET state = 2, owner = NULL, due = NULL, payload = NULL,
        checkpoint = NULL, ended_at = ${now}, outcome = end_outcome, reason = end_reason,
        detail = end_detail
      FROM (SELECT value->>'id' AS end_id, value->>'owner' AS end_owner,
        value->>'outcome' AS end_outcome, value->>'reason' AS end_reason,
        value->>'detail' AS end_detail FROM ${rows}) AS ending
      WHERE id = end_id AND owner = end_owner AND state = 0
      RETURNING id, program, name, ordering, EXISTS (SELECT 1 FROM ${p}jobs AS other
        WHERE other.program = jobs.program AND other.ordering = jobs.ordering AND other.state = 0
          AND other.id <> jobs.id) AS waiting`,
    defer: `UPDATE ${p}jobs SET owner = NULL, reason = $3, due = ${now} + CAST($4 AS bigint)
      WHERE ${claimed} RETURNING name, 0 AS age`,
    retry: `UPDATE ${p}jobs SET owner = NULL, reason = $3, due = ${now} + CAST($4 AS bigint),
        attempts = attempts + 1, failed_at = coalesce(failed_at, ${now})
      WHERE ${claimed} RETURNING name, ${now} - failed_at AS age`,
    deadLetter: `UPDATE ${p}jobs SET state = 1, outcome = 'dead', due = NULL, ended_at = ${now}
      WHERE id = $1`,
    release: `UPDATE ${p}jobs SET owner = NULL, due = ${now}
      WHERE id IN ${ids} AND owner = $2 AND state = 0`,
    claimAs: `UPDATE ${p}jobs SET owner = $2 WHERE id IN ${ids} AND state = 0`,

    ownedIds: `SELECT id FROM ${p}jobs WHERE owner = $1 AND program = $2 AND state = 0`,
    heartbeat: `UPDATE ${p}owners SET seen_at = ${now} WHERE token = $1 RETURNING token`,
    register: `INSERT INTO ${p}owners (token, host, pid_namespace, pid, seen_at)
      VALUES ($1, $2, $3, $4, ${now}) ON CONFLICT (token) DO NOTHING`,
    otherOwners: `SELECT token, host, pid_namespace AS "pidNamespace", pid, seen_at AS "seenAt",
      ${now} - seen_at AS "silentMs" FROM ${p}owners WHERE token <> $1`,
    removeOwners: `DELETE FROM ${p}owners WHERE EXISTS (SELECT 1 FROM ${rows}
      WHERE value->>'token' = token AND CAST(value->>'seenAt' AS bigint) = seen_at)`,
    unregister: `DELETE FROM ${p}owners WHERE token = $1`,
    takeOver: `UPDATE ${p}jobs SET owner = NULL, due = ${now}
      WHERE owner IS NOT NULL AND owner NOT IN (SELECT token FROM ${p}owners) RETURNING id`,

    findKey: `SELECT digest, ordering_key AS "orderingKey", job_id AS "jobId" FROM ${p}keys
      WHERE program = $1 AND name = $2 AND key = $3`,
    takeKey: `INSERT INTO ${p}keys (program, name, key, digest, ordering_key, job_id)
      VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (program, name, key) DO NOTHING RETURNING job_id`,
    // From then on, the key is that of the job that cancels, and outlives the one that is cancelled.
    cancelKey: `INSERT INTO ${p}keys (program, name, key, digest, ordering_key, job_id)
      VALUES ($1, $2, $3, NULL, $4, $5) ON CONFLICT (program, name, key)
      DO UPDATE SET job_id = excluded.job_id RETURNING ordering_key AS "orderingKey"`,
    releaseKeys: `DELETE FROM ${p}keys WHERE job_id IN ${ids}`,
    // Those that the jobs themselves took. What they cancelled stays cancelled.
    releaseOwnKeys: `DELETE FROM ${p}keys WHERE job_id IN ${ids} AND job_id || name IN (
      SELECT (value->>'id') || (value->>'name') FROM ${rows})`,
    anonymizeKeys: `UPDATE ${p}keys SET ordering_key = '' WHERE job_id IN ${ids}`,

    count: `INSERT INTO ${p}counters (program, name, outcome, slot, n)
      SELECT value->>'program', value->>'name', value->>'outcome', value->>'slot',
        CAST(value->>'n' AS bigint)
      FROM ${rows} WHERE true ORDER BY 1, 2, 3
      ON CONFLICT (program, name, outcome, slot) DO UPDATE SET n = counters.n + excluded.n`,
    takeSlots: `DELETE FROM ${p}counters WHERE slot <> '' RETURNING program, name, outcome, n`,
    counters: `SELECT name, outcome, sum(n) AS n FROM ${p}counters
      WHERE program = $1 GROUP BY name, outcome`,
    // Of many that are due, the first thousand: more would take too long for a health check.
    oldestPending: `SELECT min(at) AS at FROM (
      SELECT min(CASE WHEN program = $1 THEN queued_at END) AS at FROM ${p}jobs
        WHERE owner IS NOT NULL
      UNION ALL SELECT min(queued_at) FROM (SELECT queued_at FROM ${p}jobs
        WHERE program = $1 AND state = 0 AND owner IS NULL ORDER BY due LIMIT 1000) AS due) AS oldest`,

    // Writes even if it is there: that shows whether the store can be written.
    registerProgram: `INSERT INTO ${p}programs (name) VALUES ($1)
      ON CONFLICT (name) DO UPDATE SET name = excluded.name`,
    program: `SELECT public_id AS "publicId" FROM ${p}programs WHERE name = $1`,
    owners: `SELECT token, host, pid_namespace AS "pidNamespace", pid FROM ${p}owners`,
    programs: `SELECT name, public_id AS "publicId" FROM ${p}programs ORDER BY name`,
    saveProgramId: `INSERT INTO ${p}programs (name, public_id) VALUES ($1, $2)
      ON CONFLICT (name) DO UPDATE SET public_id = excluded.public_id`,

    find: `SELECT ${ENTRY} FROM ${p}jobs WHERE program = $1 AND ordering = $2
      ORDER BY seq DESC LIMIT 1000`,
    // Of all programs, the newest 20,000: what is read between two commits must not delay a sign-up.
    recent: `SELECT * FROM (SELECT ${ENTRY} FROM ${p}jobs ORDER BY seq DESC LIMIT 20000) AS newest
      WHERE program = $1 ORDER BY seq DESC LIMIT $2`,
    deadLetters: `SELECT ${ENTRY} FROM ${p}jobs WHERE program = $1 AND state = 1 AND seq > $2
      ORDER BY seq LIMIT $3`,
    requeue: `UPDATE ${p}jobs SET state = 0, owner = NULL, due = ${now}, parked = 0, attempts = 0,
        failed_at = NULL, outcome = NULL, reason = NULL, ended_at = NULL
      WHERE program = $1 AND state = 1 AND (CAST($2 AS text) IS NULL OR id = $2)
        AND (CAST($3 AS text) IS NULL OR ordering = $3) AND (CAST($4 AS text) IS NULL OR name = $4)
      RETURNING name`,
    forget: `DELETE FROM ${p}jobs WHERE program = $1 AND ordering = $2 AND owner IS NULL
        AND (state = 2 OR name <> $3) RETURNING id, program, name, state`,
    forgetCompleted: `DELETE FROM ${p}jobs WHERE program = $1 AND ordering = $2 AND state = 2
      RETURNING id`,
    inFlight: `SELECT count(*) AS n FROM ${p}jobs WHERE program = $1 AND ordering = $2
      AND (owner IS NOT NULL OR (state < 2 AND name = $3))`,
    /** Takes the pending and dead jobs of an order that nobody owns, to complete them. */
    override: `UPDATE ${p}jobs SET owner = $3, state = 0
      WHERE program = $1 AND ordering = $2 AND id <> $3 AND id <> $4 AND state < 2 AND owner IS NULL
      RETURNING id, name, outcome`,
    page: `SELECT seq, id, program, name, ordering, state, CASE WHEN program = $1 AND state > 0 AND ended_at < ${now} - CAST($3 AS bigint)
        THEN 1 ELSE 0 END AS old, CASE WHEN queued_at < ${now} - CAST($3 AS bigint) THEN 1 ELSE 0 END AS aged
      FROM ${p}jobs WHERE seq > $2 ORDER BY seq LIMIT $4`,
    // One that was requeued in the meantime stays.
    remove: `DELETE FROM ${p}jobs WHERE id IN ${ids} AND state > 0
      RETURNING id, program, name, ordering, state`,

    unfinishedIn: `SELECT ${MOVED} FROM ${p}jobs
      WHERE seq >= $1 AND seq < $2 AND state < 2 ORDER BY seq`,
    unfinishedIds: `SELECT id FROM ${p}jobs WHERE state < 2`,
    unownedIds: `SELECT id FROM ${p}jobs WHERE state = 0 AND owner IS NULL`,
    completedOf: `SELECT id, outcome, reason, detail FROM ${p}jobs WHERE state = 2 AND id IN ${ids}`,
    import: `INSERT INTO ${p}jobs (${MOVED})
      SELECT ${MOVED.split(/,\s+/).map(field).join(', ')} FROM ${rows} WHERE true ORDER BY n
      ON CONFLICT (id) DO NOTHING RETURNING program, name, state`,
    importPrograms: `INSERT INTO ${p}programs (name, public_id)
      SELECT value->>'name', value->>'publicId' FROM ${rows} WHERE true ON CONFLICT (name) DO NOTHING`,
    keys: `SELECT program, name, key, digest, ordering_key, job_id FROM ${p}keys`,
    importKeys: `INSERT INTO ${p}keys (program, name, key, digest, ordering_key, job_id)
      SELECT value->>'program', value->>'name', value->>'key', value->>'digest',
        value->>'ordering_key', value->>'job_id'
      FROM ${rows} WHERE true ON CONFLICT (program, name, key) DO NOTHING`,
  } as const;
}

export type Statements = ReturnType<typeof statements>;

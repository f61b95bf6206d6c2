/** What became of the jobs, and what is told of them. */
export function ledger(schema: string): string {
  const entry = `json_build_object(
    'id', id, 'kind', kind, 'customerKey', lane, 'key', key, 'referralKey', referral_key,
    'state', state, 'outcome', outcome, 'reason', reason, 'detail', detail, 'attempts', attempts,
    'acceptedAt', accepted_at, 'settledAt', settled_at, 'seq', seq)`;
  return `
    CREATE OR REPLACE FUNCTION ${schema}.outbox_enroll(p_program text, p_salt text)
    RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO ${schema}.outbox_programs (name, salt) VALUES (p_program, p_salt)
      ON CONFLICT DO NOTHING;
      RETURN (SELECT json_build_object('salt', salt, 'keyHash', key_hash, 'publicId', public_id)::text
        FROM ${schema}.outbox_programs WHERE name = p_program);
    END $$;

    CREATE OR REPLACE FUNCTION ${schema}.outbox_remember(
      p_program text, p_sets_hash boolean, p_key_hash text, p_sets_id boolean, p_public_id text
    ) RETURNS void LANGUAGE sql AS $$
      UPDATE ${schema}.outbox_programs SET
        key_hash = CASE WHEN p_sets_hash THEN p_key_hash ELSE key_hash END,
        public_id = CASE WHEN p_sets_id THEN p_public_id ELSE public_id END
      WHERE name = p_program
    $$;

    CREATE OR REPLACE FUNCTION ${schema}.outbox_stats(p_program text)
    RETURNS text LANGUAGE sql AS $$
      SELECT json_build_object(
        'now', ${schema}.outbox_now(),
        'gate', (SELECT gate FROM ${schema}.outbox_programs WHERE name = p_program),
        'oldest', (SELECT min(accepted_at) FROM ${schema}.outbox_jobs
          WHERE program = p_program AND state = 0),
        'counters', (SELECT coalesce(json_agg(each), '[]') FROM (
          SELECT kind, outcome, sum(n) AS n FROM ${schema}.outbox_counts
          WHERE program = p_program GROUP BY kind, outcome) AS each)
      )::text
    $$;

    CREATE OR REPLACE FUNCTION ${schema}.outbox_find(p_program text, p_lane text)
    RETURNS text LANGUAGE sql AS $$
      SELECT coalesce(json_agg(entry), '[]')::text FROM (
        SELECT ${entry} AS entry FROM ${schema}.outbox_jobs
        WHERE program = p_program AND lane = p_lane ORDER BY seq DESC LIMIT 1000) AS found
    $$;

    CREATE OR REPLACE FUNCTION ${schema}.outbox_dead(p_program text, p_after uuid, p_limit integer)
    RETURNS text LANGUAGE sql AS $$
      SELECT coalesce(json_agg(entry), '[]')::text FROM (
        SELECT ${entry} AS entry FROM ${schema}.outbox_jobs
        WHERE program = p_program AND state = 1
          AND seq > coalesce((SELECT seq FROM ${schema}.outbox_jobs WHERE id = p_after), 0)
        ORDER BY seq LIMIT p_limit) AS found
    $$;

    -- How many dead jobs are pending again, of at most so many.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_replay(
      p_program text, p_id uuid, p_lane text, p_kind text, p_limit integer
    ) RETURNS integer LANGUAGE plpgsql AS $$
    DECLARE v_ids uuid[]; v_lanes text[]; v_n integer;
    BEGIN
      SELECT array_agg(id), array_agg(DISTINCT lane) INTO v_ids, v_lanes FROM (
        SELECT id, lane FROM ${schema}.outbox_jobs
        WHERE program = p_program AND state = 1 AND (p_id IS NULL OR id = p_id)
          AND (p_lane IS NULL OR lane = p_lane) AND (p_kind IS NULL OR kind = p_kind)
        ORDER BY seq LIMIT p_limit) AS dead;
      IF v_ids IS NULL THEN RETURN 0; END IF;
      PERFORM ${schema}.outbox_lock(p_program, v_lanes);
      WITH revived AS (
        UPDATE ${schema}.outbox_jobs SET state = 0, attempts = 0, failed_at = NULL, excused_ms = NULL,
          outcome = NULL, reason = NULL, settled_at = NULL, due = NULL
        WHERE id = ANY (v_ids) AND state = 1 RETURNING kind
      ), counted AS (
        INSERT INTO ${schema}.outbox_counts
        SELECT p_program, kind, outcome, n
        FROM revived, (VALUES ('dead', -1), ('pending', 1)) AS change (outcome, n)
      )
      SELECT count(*) INTO v_n FROM revived;
      PERFORM ${schema}.outbox_advance(p_program, lane) FROM unnest(v_lanes) AS lane;
      RETURN v_n;
    END $$;

    -- How many entries of a lane are gone, and how many are being delivered.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_forget(p_program text, p_lane text, p_lease bigint)
    RETURNS text LANGUAGE plpgsql AS $$
    DECLARE v_ids uuid[]; v_busy integer;
    BEGIN
      PERFORM ${schema}.outbox_lock(p_program, ARRAY[p_lane]);
      SELECT coalesce(array_agg(id) FILTER (WHERE NOT busy), '{}'), count(*) FILTER (WHERE busy)
      INTO v_ids, v_busy FROM (
        SELECT id, process IS NOT NULL AND EXISTS (
          SELECT 1 FROM ${schema}.outbox_processes
          WHERE name = process AND seen_at >= ${schema}.outbox_now() - p_lease) AS busy
        FROM ${schema}.outbox_jobs WHERE program = p_program AND lane = p_lane) AS kept;
      INSERT INTO ${schema}.outbox_counts
      SELECT p_program, job.kind, change.outcome, change.n FROM ${schema}.outbox_jobs AS job,
        (VALUES ('pending', -1), ('discarded', 1)) AS change (outcome, n)
      WHERE job.id = ANY (v_ids) AND job.state = 0;
      DELETE FROM ${schema}.outbox_keys WHERE job_id = ANY (v_ids);
      DELETE FROM ${schema}.outbox_turn WHERE id = ANY (v_ids);
      DELETE FROM ${schema}.outbox_jobs WHERE id = ANY (v_ids);
      PERFORM ${schema}.outbox_advance(p_program, p_lane);
      RETURN json_build_object('forgotten', cardinality(v_ids), 'underWay', v_busy)::text;
    END $$;

    -- Forgets some of what ended long ago; how many.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_purge(p_program text, p_keep bigint, p_limit integer)
    RETURNS integer LANGUAGE plpgsql AS $$
    DECLARE v_ids uuid[]; v_lanes text[];
    BEGIN
      SELECT array_agg(id), array_agg(DISTINCT lane) FILTER (WHERE state = 1) INTO v_ids, v_lanes FROM (
        SELECT id, lane, state FROM ${schema}.outbox_jobs
        WHERE program = p_program AND settled_at < ${schema}.outbox_now() - p_keep
        ORDER BY settled_at LIMIT p_limit) AS old;
      IF v_ids IS NULL THEN RETURN 0; END IF;
      PERFORM ${schema}.outbox_lock(p_program, v_lanes);
      DELETE FROM ${schema}.outbox_jobs WHERE id = ANY (v_ids) AND state > 0;
      DELETE FROM ${schema}.outbox_keys WHERE job_id = ANY (v_ids) AND NOT EXISTS (
        SELECT 1 FROM ${schema}.outbox_jobs WHERE id = job_id);
      PERFORM ${schema}.outbox_advance(p_program, lane) FROM unnest(v_lanes) AS lane;
      RETURN cardinality(v_ids);
    END $$;

    -- Jobs that should have come up long ago are put in turn again, as they are: those that pg-boss has
    -- a job for don't get another. How many.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_mend(p_program text, p_overdue bigint, p_limit integer)
    RETURNS integer LANGUAGE sql AS $$
      WITH overdue AS (
        SELECT id FROM ${schema}.outbox_jobs AS job
        WHERE program = p_program AND state = 0 AND process IS NULL
          AND due < ${schema}.outbox_now() - p_overdue
          AND NOT EXISTS (SELECT 1 FROM ${schema}.outbox_turn AS turn WHERE turn.id = job.id)
        ORDER BY due LIMIT p_limit FOR UPDATE SKIP LOCKED
      ), mended AS (
        UPDATE ${schema}.outbox_jobs AS job SET due = ${schema}.outbox_now()
        FROM overdue WHERE job.id = overdue.id
        RETURNING job.id, job.program, job.kind, job.gen, job.due
      ), placed AS (
        INSERT INTO ${schema}.outbox_turn (id, program, kind, gen, due)
        SELECT id, program, kind, gen, due FROM mended ON CONFLICT (id) DO NOTHING
      )
      SELECT count(*)::integer FROM mended
    $$;
  `;
}

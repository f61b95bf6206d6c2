/**
 * The rule of the lanes, and how a job ends. Whoever changes the order of a lane holds its lock; who
 * needs several takes them in the order of their numbers.
 */
export function lanes(schema: string): string {
  return `
    CREATE OR REPLACE FUNCTION ${schema}.outbox_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$
      SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
    $$;

    CREATE OR REPLACE FUNCTION ${schema}.outbox_lock(p_program text, p_lanes text[])
    RETURNS void LANGUAGE plpgsql AS $$
    DECLARE v_number bigint;
    BEGIN
      FOR v_number IN
        SELECT DISTINCT hashtextextended(p_program || chr(10) || lane, 7)
        FROM unnest(p_lanes) AS lane ORDER BY 1
      LOOP
        PERFORM pg_advisory_xact_lock(v_number);
      END LOOP;
    END $$;

    CREATE OR REPLACE FUNCTION ${schema}.outbox_count(p_program text, p_kind text, p_outcome text, p_n bigint)
    RETURNS void LANGUAGE sql AS $$
      INSERT INTO ${schema}.outbox_counts VALUES (p_program, p_kind, p_outcome, p_n)
    $$;

    -- pg-boss shall bring it up then; what it brings up under an earlier number no longer counts.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_ready(p_id uuid, p_due bigint)
    RETURNS void LANGUAGE sql AS $$
      WITH job AS (
        UPDATE ${schema}.outbox_jobs SET due = p_due, gen = gen + 1 WHERE id = p_id
        RETURNING id, program, kind, gen, due
      )
      INSERT INTO ${schema}.outbox_turn (id, program, kind, gen, due)
      SELECT id, program, kind, gen, due FROM job
      ON CONFLICT (id) DO UPDATE SET gen = excluded.gen, due = excluded.due
    $$;

    -- If the first of a lane waits for nothing but its turn, this is it.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_advance(p_program text, p_lane text)
    RETURNS void LANGUAGE plpgsql AS $$
    DECLARE v_job record;
    BEGIN
      SELECT id, state, process, due INTO v_job FROM ${schema}.outbox_jobs
      WHERE program = p_program AND lane = p_lane AND state < 2 ORDER BY seq LIMIT 1;
      IF FOUND AND v_job.state = 0 AND v_job.process IS NULL AND v_job.due IS NULL THEN
        PERFORM ${schema}.outbox_ready(v_job.id, ${schema}.outbox_now());
      END IF;
    END $$;

    -- A pending job ends; what it said is erased. Its fence stays, to tell who has ended it.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_end(
      p_id uuid, p_fence text, p_outcome text, p_reason text, p_detail text
    ) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE v_job record;
    BEGIN
      UPDATE ${schema}.outbox_jobs SET state = 2, process = NULL, fence = p_fence, due = NULL,
        payload = NULL, progress = NULL, outcome = p_outcome, reason = p_reason, detail = p_detail,
        settled_at = ${schema}.outbox_now()
      WHERE id = p_id RETURNING program, kind, lane INTO v_job;
      DELETE FROM ${schema}.outbox_turn WHERE id = p_id;
      PERFORM ${schema}.outbox_count(v_job.program, v_job.kind, 'pending', -1);
      PERFORM ${schema}.outbox_count(v_job.program, v_job.kind, p_outcome, 1);
      PERFORM ${schema}.outbox_advance(v_job.program, v_job.lane);
    END $$;

    -- Of a lane, nothing that has ended is kept. The job that says so stays until it is purged, without
    -- a word of whose it was: it may be asked again whether it has ended.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_forget_ended(p_program text, p_lane text, p_by uuid)
    RETURNS void LANGUAGE plpgsql AS $$
    DECLARE v_ids uuid[];
    BEGIN
      SELECT array_agg(id) INTO v_ids FROM ${schema}.outbox_jobs
      WHERE program = p_program AND lane = p_lane AND state = 2;
      DELETE FROM ${schema}.outbox_keys WHERE job_id = ANY (v_ids);
      DELETE FROM ${schema}.outbox_jobs WHERE id = ANY (v_ids) AND id <> p_by;
      UPDATE ${schema}.outbox_jobs SET lane = '', referral_key = NULL, key = NULL, detail = NULL
      WHERE id = p_by;
    END $$;
  `;
}

/** Who may deliver what, and when. */
export function claims(schema: string): string {
  return `
    -- Says that a process lives, takes over from one that doesn't, and sums up some of the counts. No
    -- more at a time: each lane takes a lock, and the server has room for some thousands.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_beat(p_program text, p_process text, p_lease bigint)
    RETURNS void LANGUAGE plpgsql AS $$
    DECLARE v_now bigint := ${schema}.outbox_now(); v_gone text; v_program text; v_lanes text[];
    BEGIN
      INSERT INTO ${schema}.outbox_processes VALUES (p_process, v_now)
      ON CONFLICT (name) DO UPDATE SET seen_at = v_now;
      FOR v_gone IN
        SELECT name FROM ${schema}.outbox_processes
        WHERE seen_at < v_now - p_lease AND name <> p_process ORDER BY name
        LIMIT 1 FOR UPDATE SKIP LOCKED
      LOOP
        FOR v_program, v_lanes IN
          SELECT program, array_agg(lane) FROM (
            SELECT DISTINCT program, lane FROM ${schema}.outbox_jobs WHERE process = v_gone LIMIT 500
          ) AS held GROUP BY program ORDER BY program
        LOOP
          PERFORM ${schema}.outbox_lock(v_program, v_lanes);
          UPDATE ${schema}.outbox_jobs SET process = NULL, fence = NULL, due = NULL
          WHERE process = v_gone AND program = v_program AND lane = ANY (v_lanes);
          PERFORM ${schema}.outbox_advance(v_program, lane) FROM unnest(v_lanes) AS lane;
        END LOOP;
        DELETE FROM ${schema}.outbox_processes
        WHERE name = v_gone AND NOT EXISTS (
          SELECT 1 FROM ${schema}.outbox_jobs WHERE process = v_gone);
      END LOOP;
      WITH summed AS (
        DELETE FROM ${schema}.outbox_counts WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${schema}.outbox_counts WHERE program = p_program
          LIMIT 10000 FOR UPDATE SKIP LOCKED))
        RETURNING kind, outcome, n
      )
      INSERT INTO ${schema}.outbox_counts
      SELECT p_program, kind, outcome, sum(n) FROM summed GROUP BY kind, outcome HAVING sum(n) <> 0;
    END $$;

    CREATE OR REPLACE FUNCTION ${schema}.outbox_leave(p_process text)
    RETURNS void LANGUAGE sql AS $$
      UPDATE ${schema}.outbox_processes SET seen_at = 0 WHERE name = p_process
    $$;

    -- The time, the gate, when the next is due, and jobs that need one of pg-boss's.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_look(p_program text, p_limit integer, p_horizon bigint)
    RETURNS text LANGUAGE plpgsql AS $$
    DECLARE v_now bigint := ${schema}.outbox_now();
    BEGIN
      -- Due further ahead than any backoff: left over from a clock that was wrong.
      PERFORM ${schema}.outbox_ready(id, v_now) FROM (
        SELECT id FROM ${schema}.outbox_jobs
        WHERE program = p_program AND state = 0 AND process IS NULL AND due > v_now + p_horizon
        ORDER BY due DESC LIMIT 100 FOR UPDATE SKIP LOCKED
      ) AS astray;
      RETURN json_build_object(
        'now', v_now,
        'gate', (SELECT gate FROM ${schema}.outbox_programs WHERE name = p_program),
        'nextDue', (SELECT min(due) FROM ${schema}.outbox_jobs
          WHERE program = p_program AND state = 0 AND process IS NULL AND due > v_now),
        'turn', (SELECT coalesce(json_agg(each), '[]') FROM (
          SELECT id, gen, due, kind FROM ${schema}.outbox_turn WHERE program = p_program
          ORDER BY due, id LIMIT p_limit) AS each)
      )::text;
    END $$;

    CREATE OR REPLACE FUNCTION ${schema}.outbox_placed(p_ids uuid[], p_gens integer[])
    RETURNS void LANGUAGE sql AS $$
      DELETE FROM ${schema}.outbox_turn AS turn
      USING unnest(p_ids, p_gens) AS placed (id, gen)
      WHERE turn.id = placed.id AND turn.gen = placed.gen
    $$;

    -- pg-boss has brought these up. Those that may be delivered now belong to the process.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_claim(
      p_program text, p_process text, p_fence text, p_ids uuid[], p_gens integer[]
    ) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE v_each record; v_job record; v_now bigint := ${schema}.outbox_now(); v_found json[] := '{}';
    BEGIN
      INSERT INTO ${schema}.outbox_processes AS process VALUES (p_process, v_now)
      ON CONFLICT (name) DO UPDATE SET seen_at = v_now WHERE process.seen_at < v_now - 1000;
      PERFORM ${schema}.outbox_lock(p_program, (
        SELECT array_agg(DISTINCT lane) FROM ${schema}.outbox_jobs WHERE id = ANY (p_ids)));
      FOR v_each IN SELECT * FROM unnest(p_ids, p_gens) AS given (id, gen) LOOP
        SELECT * INTO v_job FROM ${schema}.outbox_jobs
        WHERE id = v_each.id AND gen = v_each.gen AND state = 0 AND process IS NULL FOR UPDATE;
        CONTINUE WHEN NOT FOUND;
        IF EXISTS (
          SELECT 1 FROM ${schema}.outbox_jobs
          WHERE program = v_job.program AND lane = v_job.lane AND state < 2
            AND (seq < v_job.seq OR process IS NOT NULL)
        ) THEN
          UPDATE ${schema}.outbox_jobs SET due = NULL WHERE id = v_job.id;
          CONTINUE;
        END IF;
        UPDATE ${schema}.outbox_jobs SET process = p_process, fence = p_fence, due = NULL
        WHERE id = v_job.id;
        v_found := v_found || json_build_object(
          'id', v_job.id, 'kind', v_job.kind, 'lane', v_job.lane, 'referralKey', v_job.referral_key,
          'payload', v_job.payload, 'acceptedAt', v_job.accepted_at, 'attempts', v_job.attempts,
          'progress', v_job.progress);
      END LOOP;
      RETURN array_to_json(v_found)::text;
    END $$;

    -- Changes the gate if it is as expected; else the time, and how it is.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_gate(p_program text, p_expected text, p_after text)
    RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE ${schema}.outbox_programs SET gate = p_after WHERE name = p_program AND gate = p_expected;
      IF FOUND THEN RETURN NULL; END IF;
      RETURN json_build_object('now', ${schema}.outbox_now(), 'gate',
        (SELECT gate FROM ${schema}.outbox_programs WHERE name = p_program))::text;
    END $$;
  `;
}

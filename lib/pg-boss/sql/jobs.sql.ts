/** The life of a job. Each is atomic, and may be repeated. */
export function jobs(schema: string): string {
  return `
    -- Whether it is the first of its lane. Without a process it is nobody's.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_accept(
      p_program text, p_process text, p_fence text, p_id uuid, p_kind text, p_lane text,
      p_referral_key text, p_payload text, p_accepted_at bigint, p_replaces uuid, p_replaced_fence text
    ) RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE v_replaced record; v_first boolean;
    BEGIN
      SELECT lane INTO v_replaced FROM ${schema}.outbox_jobs WHERE id = p_replaces;
      PERFORM ${schema}.outbox_lock(p_program, array_remove(ARRAY[p_lane, v_replaced.lane], NULL));
      SELECT NOT EXISTS (
        SELECT 1 FROM ${schema}.outbox_jobs
        WHERE program = p_program AND lane = p_lane AND state < 2 AND id <> p_id
      ) INTO v_first;
      IF p_process IS NOT NULL THEN
        INSERT INTO ${schema}.outbox_processes VALUES (p_process, ${schema}.outbox_now())
        ON CONFLICT DO NOTHING;
      END IF;
      INSERT INTO ${schema}.outbox_jobs
        (id, program, kind, lane, referral_key, payload, accepted_at, process, fence)
      VALUES (p_id, p_program, p_kind, p_lane, p_referral_key, p_payload, p_accepted_at, p_process, p_fence)
      ON CONFLICT (id) DO NOTHING;
      IF FOUND THEN
        INSERT INTO ${schema}.outbox_counts
        VALUES (p_program, p_kind, 'accepted', 1), (p_program, p_kind, 'pending', 1);
        IF p_process IS NULL THEN PERFORM ${schema}.outbox_advance(p_program, p_lane); END IF;
      END IF;
      IF p_replaces IS NOT NULL THEN
        PERFORM ${schema}.outbox_end(id, fence, 'discarded', NULL, NULL) FROM ${schema}.outbox_jobs
        WHERE id = p_replaces AND fence = p_replaced_fence AND process IS NOT NULL AND state = 0;
      END IF;
      RETURN v_first;
    END $$;

    -- In a transaction of the app's own, which may last: waits for nobody, and nobody waits for it.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_accept_in(
      p_program text, p_id uuid, p_kind text, p_lane text, p_referral_key text, p_payload text,
      p_accepted_at bigint
    ) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO ${schema}.outbox_jobs
        (id, program, kind, lane, referral_key, payload, accepted_at)
      VALUES (p_id, p_program, p_kind, p_lane, p_referral_key, p_payload, p_accepted_at);
      INSERT INTO ${schema}.outbox_counts
      VALUES (p_program, p_kind, 'accepted', 1), (p_program, p_kind, 'pending', 1);
      PERFORM ${schema}.outbox_ready(p_id, ${schema}.outbox_now());
    END $$;

    -- How it ended at once; nothing if it will be delivered.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_submit(
      p_program text, p_id uuid, p_kind text, p_lane text, p_referral_key text, p_payload text,
      p_accepted_at bigint, p_key text, p_digest text, p_same text, p_different text,
      p_withdrawn text, p_undoes_kind text, p_undoes_key text
    ) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE v_lane text := p_lane; v_holder record; v_outcome text; v_before record;
    BEGIN
      SELECT fence, outcome INTO v_before FROM ${schema}.outbox_jobs WHERE id = p_id;
      IF FOUND THEN
        RETURN CASE WHEN v_before.fence = 'submit' THEN v_before.outcome END;
      END IF;
      IF p_undoes_key IS NOT NULL THEN
        SELECT coalesce(
          (SELECT lane FROM ${schema}.outbox_keys
           WHERE program = p_program AND kind = p_undoes_kind AND key = p_undoes_key), p_lane
        ) INTO v_lane;
      END IF;
      PERFORM ${schema}.outbox_lock(p_program, ARRAY[v_lane]);
      INSERT INTO ${schema}.outbox_jobs
        (id, program, kind, lane, referral_key, payload, accepted_at, key)
      VALUES (p_id, p_program, p_kind, v_lane, p_referral_key, p_payload, p_accepted_at, p_key);
      INSERT INTO ${schema}.outbox_counts
      VALUES (p_program, p_kind, 'accepted', 1), (p_program, p_kind, 'pending', 1);
      IF p_key IS NOT NULL THEN
        INSERT INTO ${schema}.outbox_keys VALUES (p_program, p_kind, p_key, p_digest, v_lane, p_id)
        ON CONFLICT DO NOTHING;
        SELECT digest, job_id INTO v_holder FROM ${schema}.outbox_keys
        WHERE program = p_program AND kind = p_kind AND key = p_key;
        IF v_holder.job_id <> p_id THEN
          v_outcome := CASE
            WHEN v_holder.digest IS NULL THEN p_withdrawn
            WHEN v_holder.digest = p_digest THEN p_same ELSE p_different END;
          PERFORM ${schema}.outbox_end(p_id, 'submit', v_outcome, NULL, NULL);
          RETURN v_outcome;
        END IF;
      END IF;
      IF p_undoes_key IS NOT NULL THEN
        INSERT INTO ${schema}.outbox_keys
        VALUES (p_program, p_undoes_kind, p_undoes_key, NULL, v_lane, p_id) ON CONFLICT DO NOTHING;
      END IF;
      PERFORM ${schema}.outbox_advance(p_program, v_lane);
      RETURN NULL;
    END $$;

    -- Whether it was ours, or ours has ended it before; and the gate.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_settle(
      p_program text, p_id uuid, p_fence text, p_outcome text, p_reason text, p_detail text,
      p_frees boolean, p_forgets boolean
    ) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE v_job record; v_lane text; v_ours boolean := false;
    BEGIN
      SELECT lane INTO v_lane FROM ${schema}.outbox_jobs WHERE id = p_id;
      IF FOUND THEN
        PERFORM ${schema}.outbox_lock(p_program, ARRAY[v_lane]);
        SELECT state, process INTO v_job FROM ${schema}.outbox_jobs
        WHERE id = p_id AND fence = p_fence FOR UPDATE;
        v_ours := FOUND AND (v_job.state = 2 OR (v_job.state = 0 AND v_job.process IS NOT NULL));
        IF v_ours AND v_job.state = 0 THEN
          IF p_frees THEN DELETE FROM ${schema}.outbox_keys WHERE job_id = p_id; END IF;
          PERFORM ${schema}.outbox_end(p_id, p_fence, p_outcome, p_reason, p_detail);
          IF p_forgets THEN PERFORM ${schema}.outbox_forget_ended(p_program, v_lane, p_id); END IF;
        END IF;
      END IF;
      RETURN json_build_object('ours', v_ours, 'gate',
        (SELECT gate FROM ${schema}.outbox_programs WHERE name = p_program))::text;
    END $$;

    -- How long it has been failing, as far as that is known; nothing if it isn't ours.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_patience(p_id uuid, p_fence text)
    RETURNS text LANGUAGE sql AS $$
      SELECT json_build_object('failedAt', failed_at, 'excusedMs', excused_ms)::text
      FROM ${schema}.outbox_jobs
      WHERE id = p_id AND fence = p_fence AND process IS NOT NULL AND state = 0
    $$;

    -- Whether it was ours.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_fail(
      p_program text, p_id uuid, p_fence text, p_how text, p_delay bigint, p_reason text,
      p_excused double precision
    ) RETURNS boolean LANGUAGE plpgsql AS $$
    DECLARE v_lane text; v_kind text; v_now bigint := ${schema}.outbox_now();
    BEGIN
      SELECT lane INTO v_lane FROM ${schema}.outbox_jobs WHERE id = p_id;
      IF NOT FOUND THEN RETURN false; END IF;
      PERFORM ${schema}.outbox_lock(p_program, ARRAY[v_lane]);
      UPDATE ${schema}.outbox_jobs SET process = NULL, fence = NULL, due = NULL, reason = p_reason
      WHERE id = p_id AND fence = p_fence AND process IS NOT NULL AND state = 0
      RETURNING kind INTO v_kind;
      IF NOT FOUND THEN RETURN false; END IF;
      IF p_how = 'dead' THEN
        UPDATE ${schema}.outbox_jobs SET state = 1, outcome = 'dead', settled_at = v_now WHERE id = p_id;
        PERFORM ${schema}.outbox_count(p_program, v_kind, 'pending', -1);
        PERFORM ${schema}.outbox_count(p_program, v_kind, 'dead', 1);
        PERFORM ${schema}.outbox_advance(p_program, v_lane);
        RETURN true;
      END IF;
      IF p_how = 'postpone' THEN
        UPDATE ${schema}.outbox_jobs SET attempts = attempts + 1,
          failed_at = coalesce(failed_at, v_now), excused_ms = coalesce(excused_ms, p_excused)
        WHERE id = p_id;
      END IF;
      PERFORM ${schema}.outbox_ready(p_id, v_now + p_delay);
      -- A transaction of the app's may have put another before it meanwhile.
      PERFORM ${schema}.outbox_advance(p_program, v_lane);
      RETURN true;
    END $$;

    CREATE OR REPLACE FUNCTION ${schema}.outbox_note(p_id uuid, p_fence text, p_progress text)
    RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE ${schema}.outbox_jobs SET progress = p_progress
      WHERE id = p_id AND fence = p_fence AND process IS NOT NULL AND state = 0;
      RETURN FOUND;
    END $$;

    -- Those of them that are still held under their fence are nobody's from now on.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_free(p_program text, p_ids uuid[], p_fences text[])
    RETURNS void LANGUAGE plpgsql AS $$
    DECLARE v_lanes text[];
    BEGIN
      SELECT array_agg(DISTINCT lane) INTO v_lanes FROM ${schema}.outbox_jobs WHERE id = ANY (p_ids);
      PERFORM ${schema}.outbox_lock(p_program, v_lanes);
      UPDATE ${schema}.outbox_jobs AS job SET process = NULL, fence = NULL, due = NULL
      FROM unnest(p_ids, p_fences) AS held (id, fence)
      WHERE job.id = held.id AND job.fence = held.fence AND process IS NOT NULL AND state = 0;
      PERFORM ${schema}.outbox_advance(p_program, lane) FROM unnest(v_lanes) AS lane;
    END $$;

    -- The same for all that were claimed under these fences, whatever they are.
    CREATE OR REPLACE FUNCTION ${schema}.outbox_free_claims(p_program text, p_process text, p_fences text[])
    RETURNS void LANGUAGE plpgsql AS $$
    DECLARE v_ids uuid[]; v_fences text[];
    BEGIN
      SELECT array_agg(id), array_agg(fence) INTO v_ids, v_fences FROM ${schema}.outbox_jobs
      WHERE process = p_process AND fence = ANY (p_fences);
      IF v_ids IS NULL THEN RETURN; END IF;
      PERFORM ${schema}.outbox_free(p_program, v_ids, v_fences);
    END $$;
  `;
}

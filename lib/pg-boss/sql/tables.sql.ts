/**
 * Our own tables, beside those of pg-boss. Its jobs say when to look at one of ours; these say what
 * the job is, whose it is, the order of each lane, and the numbers. Times are milliseconds since the
 * epoch, by the clock of the server.
 *
 * A job's state is pending (0), dead (1) or settled (2). `outbox_turn` names jobs that need one of
 * pg-boss's; whoever sees one makes it. `outbox_counts` is only added to, so that two transactions
 * never wait for each other; it is summed up now and then.
 */
export function tables(schema: string): string {
  return `
    CREATE SCHEMA IF NOT EXISTS ${schema};
    CREATE TABLE IF NOT EXISTS ${schema}.outbox_version (
      one boolean PRIMARY KEY DEFAULT true CHECK (one),
      version integer NOT NULL
    );
    CREATE TABLE IF NOT EXISTS ${schema}.outbox_programs (
      name text PRIMARY KEY,
      salt text NOT NULL,
      key_hash text,
      public_id text,
      gate text NOT NULL DEFAULT ''
    );
    CREATE TABLE IF NOT EXISTS ${schema}.outbox_processes (
      name text PRIMARY KEY,
      seen_at bigint NOT NULL
    );
    CREATE TABLE IF NOT EXISTS ${schema}.outbox_jobs (
      id uuid PRIMARY KEY,
      seq bigint GENERATED ALWAYS AS IDENTITY,
      program text NOT NULL,
      kind text NOT NULL,
      lane text NOT NULL,
      referral_key text,
      payload text,
      accepted_at bigint NOT NULL,
      state smallint NOT NULL DEFAULT 0,
      process text,
      fence text,
      due bigint,
      gen integer NOT NULL DEFAULT 0,
      attempts integer NOT NULL DEFAULT 0,
      failed_at bigint,
      excused_ms double precision,
      key text,
      progress text,
      outcome text,
      reason text,
      detail text,
      settled_at bigint
    );
    CREATE INDEX IF NOT EXISTS outbox_jobs_lane ON ${schema}.outbox_jobs (program, lane, seq);
    CREATE INDEX IF NOT EXISTS outbox_jobs_open ON ${schema}.outbox_jobs (program, accepted_at)
      WHERE state = 0;
    CREATE INDEX IF NOT EXISTS outbox_jobs_due ON ${schema}.outbox_jobs (program, due)
      WHERE state = 0 AND process IS NULL AND due IS NOT NULL;
    CREATE INDEX IF NOT EXISTS outbox_jobs_process ON ${schema}.outbox_jobs (process)
      WHERE process IS NOT NULL;
    CREATE INDEX IF NOT EXISTS outbox_jobs_dead ON ${schema}.outbox_jobs (program, seq)
      WHERE state = 1;
    CREATE INDEX IF NOT EXISTS outbox_jobs_ended ON ${schema}.outbox_jobs (program, settled_at)
      WHERE settled_at IS NOT NULL;
    CREATE TABLE IF NOT EXISTS ${schema}.outbox_keys (
      program text NOT NULL,
      kind text NOT NULL,
      key text NOT NULL,
      digest text,
      lane text NOT NULL,
      job_id uuid NOT NULL,
      PRIMARY KEY (program, kind, key)
    );
    CREATE INDEX IF NOT EXISTS outbox_keys_job ON ${schema}.outbox_keys (job_id);
    CREATE TABLE IF NOT EXISTS ${schema}.outbox_turn (
      id uuid PRIMARY KEY,
      program text NOT NULL,
      kind text NOT NULL,
      gen integer NOT NULL,
      due bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS outbox_turn_due ON ${schema}.outbox_turn (program, due, id);
    CREATE TABLE IF NOT EXISTS ${schema}.outbox_counts (
      program text NOT NULL,
      kind text NOT NULL,
      outcome text NOT NULL,
      n bigint NOT NULL
    );
    CREATE INDEX IF NOT EXISTS outbox_counts_program ON ${schema}.outbox_counts (program);
  `;
}

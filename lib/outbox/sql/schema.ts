import type { Dialect } from './dialect.js';

/**
 * The tables. A pending job (`state` 0) has an owner while a process holds or delivers it; otherwise
 * `due` says when to look at it. `parked` counts how often a job was found waiting for an earlier one of
 * its customer. Few indexes, since each is one more page in every commit.
 */
export function schema({ prefix, sequence }: Dialect): string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${prefix}programs (name text PRIMARY KEY, public_id text)`,
    `CREATE TABLE IF NOT EXISTS ${prefix}owners (
      token text PRIMARY KEY,
      host text NOT NULL,
      pid_namespace text NOT NULL,
      pid bigint NOT NULL,
      seen_at bigint NOT NULL)`,
    `CREATE TABLE IF NOT EXISTS ${prefix}jobs (
      seq ${sequence},
      id text NOT NULL UNIQUE,
      program text NOT NULL,
      name text NOT NULL,
      ordering text NOT NULL,
      long_ordering_key text,
      referral_key text,
      key text,
      payload text,
      checkpoint text,
      queued_at bigint NOT NULL,
      state smallint NOT NULL DEFAULT 0,
      owner text,
      due bigint,
      parked integer NOT NULL DEFAULT 0,
      attempts integer NOT NULL DEFAULT 0,
      failed_at bigint,
      outcome text,
      reason text,
      detail text,
      ended_at bigint)`,
    `CREATE INDEX IF NOT EXISTS jobs_ordering ON ${prefix}jobs (program, ordering, state, seq)`,
    `CREATE INDEX IF NOT EXISTS jobs_due ON ${prefix}jobs (program, due, seq)
      WHERE state = 0 AND owner IS NULL`,
    `CREATE INDEX IF NOT EXISTS jobs_owner ON ${prefix}jobs (owner) WHERE owner IS NOT NULL`,
    `CREATE INDEX IF NOT EXISTS jobs_dead ON ${prefix}jobs (program, seq) WHERE state = 1`,
    `CREATE TABLE IF NOT EXISTS ${prefix}keys (
      program text NOT NULL,
      name text NOT NULL,
      key text NOT NULL,
      digest text,
      ordering_key text NOT NULL,
      job_id text NOT NULL,
      PRIMARY KEY (program, name, key))`,
    `CREATE INDEX IF NOT EXISTS keys_job ON ${prefix}keys (job_id)`,
    // A transaction of the app's own counts in a slot of its own, so that nobody waits for it.
    `CREATE TABLE IF NOT EXISTS ${prefix}counters (
      program text NOT NULL,
      name text NOT NULL,
      outcome text NOT NULL,
      slot text NOT NULL DEFAULT '',
      n bigint NOT NULL,
      PRIMARY KEY (program, name, outcome, slot))`,
  ];
}

/** Longest wait for a connection. Milliseconds, as all of these. */
export const CONNECT_MS = 3_000;
/** Longest time for a transaction, from asking for a connection to the reply to COMMIT. */
export const TRANSACTION_MS = 15_000;

/**
 * Set for each transaction, since a pooler such as PgBouncer refuses them as connection parameters. The
 * last one frees the locks of a process that stands still, or whose machine vanished. It must be the
 * shorter one: those who wait for these locks then get them, rather than fail.
 */
export const SET_LIMITS = `SELECT set_config('lock_timeout', '8000', true),
  set_config('statement_timeout', '10000', true),
  set_config('idle_in_transaction_session_timeout', '4000', true)`;

/** Longest wait for a connection. Milliseconds, as all of these. */
export const CONNECT_MS = 3_000;
/** Longest time for a transaction, from asking for a connection to the reply to COMMIT. */
export const TRANSACTION_MS = 15_000;

/**
 * Set for each transaction, since a pooler such as PgBouncer refuses them as connection parameters. The
 * last one frees the locks of a process whose machine vanished.
 */
export const SET_LIMITS = `SELECT set_config('lock_timeout', '3000', true),
  set_config('statement_timeout', '10000', true),
  set_config('idle_in_transaction_session_timeout', '10000', true)`;

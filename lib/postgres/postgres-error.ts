import { PartneroConfigurationError } from '../common/partnero.configuration-error.js';
import { OutboxError } from '../outbox/outbox.error.js';
import type { StoreFailure } from '../outbox/sql/operations.js';
import { StoreError } from '../outbox/sql/store.error.js';

/** PostgreSQL didn't do what the outbox needs. Holds no statement, no parameter and no address. */
export class PostgresOutboxError extends StoreError {
  constructor(readonly failure: StoreFailure) {
    super(failure);
  }
}

/** SQLSTATE, or a code of the operating system or of Node.js. `P1001` and the like are Prisma's own. */
const CODE = /^((?!P[1-9])[0-9A-Z]{5}|E[A-Z_]{3,})$/;
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^ERR_INVALID_URL/, 'the connection string is none, such as postgres://user@host/database'],
  [
    /^(E[A-Z]|08|DISCONNECTED|P10(01|17))/,
    "PostgreSQL can't be reached. Check that it runs, and where",
  ],
  [/^(TIMEOUT|57014|55P03|P1002|P1008|P20)/, "PostgreSQL didn't respond in time"],
  [/^57P/, 'PostgreSQL is starting or stopping'],
  [/^53300/, 'PostgreSQL has no free connection. Raise max_connections or use smaller pools'],
  [/^53/, 'PostgreSQL lacks disk space or memory'],
  [/^25006/, 'PostgreSQL is read-only: this is a replica, or a failover is going on'],
  [/^25P02/, 'an earlier statement of the transaction failed'],
  [/^(28|P1000)/, 'PostgreSQL refused the login. Check the user and the password'],
  [/^(3D|P1003)/, "the database doesn't exist. Check its name"],
  [
    /^42501/,
    'the database user lacks a privilege. Grant it, or have the SQL run by an administrator',
  ],
  [/^(42P01|3F)/, "the outbox's tables are missing. Run: npx nestjs-partnero outbox migrate"],
  [/^40/, 'transactions got in each other’s way'],
];
const PERMANENT = /^(28|3D|42|ERR_INVALID_URL|P100[03])/;
const CONNECTION_FAILED = /^(08|57P|25006|25P03|E[A-Z]|DISCONNECTED|TIMEOUT|P1|P20)/;

/**
 * Explains what the app's client rejected with, without its fields: they may hold data of customers.
 * @param isCommitting COMMIT was sent, so that a lost connection leaves open whether it took effect
 */
export function toStoreError(error: unknown, isCommitting = false): Error {
  if (error instanceof OutboxError || error instanceof PartneroConfigurationError) return error;
  const code = codeOf(error);
  const [, message = 'PostgreSQL failed'] = ADVICE.find(([codes]) => codes.test(code)) ?? [];
  const mayBeSaved = isCommitting && CONNECTION_FAILED.test(code);
  return new PostgresOutboxError({ code, message, mayBeSaved });
}

/** Whether waiting won't help: the address, the schema or a privilege is wrong. */
export function isPermanent({ reason }: StoreError): boolean {
  return PERMANENT.test(reason);
}

/** Whether PostgreSQL itself refused a statement, on a connection that goes on. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return CODE.test(code) && !CONNECTION_FAILED.test(code);
}

/** What each client hides at another depth: the SQLSTATE, or the code of the system. */
export function codeOf(error: unknown): string {
  const layers = layersOf(error);
  const codes = layers
    .flatMap(({ originalCode, code }) => [originalCode, code])
    .filter((code) => typeof code === 'string');
  const code = codes.find((each) => CODE.test(each)) ?? codes.at(-1);
  if (code !== undefined) return code;
  const text = layers.map(({ message }) => String(message)).join();
  if (/time(d )?out/i.test(text)) return 'TIMEOUT';
  if (/connect|closed|terminated|queryable|pool/i.test(text)) return 'DISCONNECTED';
  return error instanceof Error ? error.name : 'UNKNOWN';
}

interface Layer {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly meta?: { readonly driverAdapterError?: unknown };
}

/** The innermost first. */
function layersOf(error: unknown, depth = 0): Layer[] {
  if (typeof error !== 'object' || error === null || depth > 5) return [];
  const layer: Layer = error;
  const { meta, cause } = layer;
  return [...layersOf(meta?.driverAdapterError ?? meta ?? cause, depth + 1), layer];
}

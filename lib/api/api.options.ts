import type { Secret } from '../common/secret.js';

/** What the API client needs to know; part of the module's options. */
export interface ApiOptions {
  /** Empty where there is none: every call then rejects with `unauthorized`, unsent. */
  readonly apiKey: Secret | undefined;
  readonly baseUrl: string;
  /** Of each attempt, body included. Milliseconds. */
  readonly timeoutMs: number;
}

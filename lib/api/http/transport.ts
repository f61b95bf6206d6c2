import type { Deadline } from '../deadline.js';

/** One request, ready to be sent. */
export interface HttpCall {
  readonly method: string;
  /** The whole of it: base URL, path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string | undefined;
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  /** As it came, decompressed. */
  readonly body: string;
  /** The header `Retry-After`. */
  readonly retryAfter: unknown;
}

/**
 * Takes a request to Partnero's host and nowhere else, over connections that are kept: follows no
 * redirect, judges no status, repeats nothing. What it rejects with may hold the API key, and is only
 * asked for its `code`.
 */
export interface Transport {
  send(call: HttpCall, deadline: Deadline): Promise<HttpAnswer>;
  /** Closes idle connections. */
  close(): void;
}

/** No answer of Partnero is larger. Bytes, before and after decompression. */
export const MAX_BYTES = 10 * 1024 * 1024;

/** The code of an answer that can't be read: too large, or in an unknown encoding. */
export const BAD_RESPONSE = 'ERR_BAD_RESPONSE';

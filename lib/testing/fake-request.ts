/** One request as the fake saw it. Without the API key: safe to print. */
export interface RecordedRequest {
  readonly method: string;
  /** Behind the base path, without the query: `/customers`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case; `authorization` is left out. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON, or `undefined` if there was none. */
  readonly body: unknown;
  /** Whether it carried the right API key. */
  readonly authorized: boolean;
  readonly at: Date;
  /** What it was answered; 0 if it was not. */
  status: number;
}

/** The parts of a request that a route looks at. */
export interface FakeCall {
  readonly method: string;
  readonly segments: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  readonly body: Record<string, unknown>;
}

/** A way in which the fake misbehaves. */
export type FakeFault =
  /** Answers rightly, after a while. */
  | { readonly type: 'slow'; readonly ms: number }
  /** Takes the request and never answers. `writes`: it is carried out all the same. */
  | { readonly type: 'hang'; readonly writes?: boolean }
  /** Answers rightly, a byte at a time. */
  | { readonly type: 'drip'; readonly everyMs: number }
  /** 429. `retryAfter` goes out as it is: seconds, a date, nonsense; left out: no header. */
  | { readonly type: 'rate_limit'; readonly retryAfter?: string | number }
  /** Some status with a JSON message, or with the body given. `writes`: carried out all the same. */
  | {
      readonly type: 'status';
      readonly status: number;
      readonly body?: string;
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly writes?: boolean;
    }
  /** Cuts the connection before anything is carried out. */
  | { readonly type: 'reset_before' }
  /** Carries it out, then cuts the connection: the answer is lost. */
  | { readonly type: 'reset_after' }
  /** Cuts the connection, and carries it out all the same, some time later. */
  | { readonly type: 'reset_before_late_write'; readonly afterMs: number }
  /** A proxy's page instead of an answer; 200 unless given. */
  | { readonly type: 'html'; readonly status?: number }
  /** 200 and no body. */
  | { readonly type: 'empty' }
  /** The right answer, but only the first half of its JSON. */
  | { readonly type: 'cut_json' };

/** Which requests a fault applies to; all of them without conditions. */
export interface FaultScope {
  /** Only these methods and paths, such as `'POST /customers'` or `'GET /test'`. */
  readonly on?: string | undefined;
  /** Only so many requests. */
  readonly times?: number | undefined;
}

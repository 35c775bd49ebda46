/** What a caller may say about one call. */
export interface CallOptions {
  /** Gives the call up: it rejects with `cancelled` and the outcome known so far. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call's deadline. Default: the method's, else the client's, else 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Headers of the user's own, seen by the handler as `ctx.headers`; names of letters, digits, `-`, `_`, `.`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What makes two calls the same piece of work; default: the call's id. The handler sees it. */
  readonly idempotencyKey?: string | undefined;
}

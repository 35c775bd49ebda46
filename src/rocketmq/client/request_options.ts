/** How long a request waits. */
export interface RequestOptions {
  /** For connecting and the answer together, in milliseconds. Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Stops waiting; the request then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

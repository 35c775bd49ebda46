/** How long a message, or its answer, is on its way, in milliseconds; each time drawn evenly between the two. */
export interface Latency {
  /** Milliseconds. */
  readonly leastMs: number;
  /** Milliseconds. */
  readonly mostMs: number;
}

/** What `ctx.retryAfter()` makes: thrown by a handler, it postpones the call instead of answering it. */
export class RetryLater extends Error {
  /** Always `RetryLater`. */
  override readonly name = "RetryLater";
  /** Milliseconds from now. */
  readonly afterMs: number;

  /** @param afterMs milliseconds from now */
  constructor(afterMs: number) {
    super(`The handler asked to be run again in ${afterMs} ms`);
    this.afterMs = afterMs;
  }
}

/** Where the items of a stream go that its handler makes. */
export interface ItemSink {
  /** Whether any item was taken: from then on the call is not run again. */
  readonly begun: boolean;
  /**
   * Asked before the next item is made: `undefined` when it may be made now, else a promise of that moment, or of
   * {@linkcode ItemSink.release}.
   *
   * @throws {RpcError} when the stream is over; the promise rejects with it
   */
  room(): Promise<void> | undefined;
  /**
   * Takes the next item; returns a promise where its schema takes its time.
   *
   * @throws {RpcError} when the stream is over, or is now, because the item cannot travel; the promise rejects with it
   */
  push(item: unknown): Promise<void> | undefined;
  /** Lets whoever waits for room wait no longer. */
  release(): void;
}

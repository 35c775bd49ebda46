/** A promise together with the two functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** Makes a {@linkcode Deferred}; a rejection that nobody awaits is the maker's to handle. */
export function createDeferred<T>(): Deferred<T> {
  return Promise.withResolvers<T>();
}

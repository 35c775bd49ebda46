import type { ItemStream } from "../contract/types.ts";

/** What a stream is read from, once it is open. */
export interface ItemSource {
  next(): Promise<IteratorResult<unknown, undefined>>;
  return(): Promise<IteratorResult<unknown, undefined>>;
}

const DONE: IteratorResult<unknown, undefined> = Object.freeze({ done: true, value: undefined });

/** A stream in the hands of its reader: made when the method is called, opened by the first `next()`. */
export class ReadStream implements ItemStream<unknown> {
  readonly #open: (signal: AbortSignal) => Promise<ItemSource>;
  readonly #closing = new AbortController();
  #opening: Promise<ItemSource> | undefined;
  #over = false;

  /** @param open begins the stream; its signal aborts when nobody wants it any more */
  constructor(open: (signal: AbortSignal) => Promise<ItemSource>) {
    this.#open = open;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#over) return DONE;
    try {
      const source = await (this.#opening ??= this.#open(this.#closing.signal));
      // Ended by `return()` while it was opened.
      if (this.#closing.signal.aborted) return DONE;
      const step = await source.next();
      if (!step.done) return { done: false, value: step.value };
    } catch (error) {
      // Whoever ended the stream does not want to hear that it ended.
      if (this.#over) return DONE;
      this.#over = true;
      throw error;
    }
    this.#over = true;
    return DONE;
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    const opening = this.#opening;
    const over = this.#over;
    this.#over = true;
    if (opening === undefined || over) return DONE;
    this.#closing.abort(new DOMException("The stream is not read any more", "AbortError"));
    try {
      const source = await opening;
      await source.return();
    } catch {
      // It did not open, or has failed: either way it has ended, and nobody reads what of.
    }
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}

/** A stream that is open, for whoever runs between the call and its reader. */
export class OpenStream implements ItemStream<unknown> {
  readonly #source: ItemSource;

  constructor(source: ItemSource) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#source.next();
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    return this.#source.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return();
  }
}

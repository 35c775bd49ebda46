import { afterOthers } from "../../src/async/event_loop.ts";
import { isPromiseLike } from "../../src/async/promise_like.ts";
import type { ItemSink } from "../../src/call/item_sink.ts";

/** Items after which everything else of the process has a turn. */
const ITEMS_AT_A_TIME = 64;

/** Either kind of iterator, as far as streams need it. */
interface Producer {
  next(): unknown;
  return?(): unknown;
}

/**
 * Takes what the handler of a stream returned item by item to its sink: not one more than there is room for. Resolves
 * at its end. Whatever ends it sooner, an abort of the signal above all, calls the iterator's `return()` first and waits
 * for it.
 *
 * @param produced what the handler returned, or a promise of it
 * @param sink where the items go
 * @param signal the call's
 * @param method for the text of errors
 * @throws what the handler threw; the signal's reason; why the sink takes nothing more
 */
export async function driveItems(
  produced: unknown,
  sink: ItemSink,
  signal: AbortSignal,
  method: string,
): Promise<undefined> {
  const run = new ItemRun(
    producerOf(isPromiseLike(produced) ? await produced : produced, method),
    sink,
    signal,
  );
  return await run.drive();
}

class ItemRun {
  readonly #producer: Producer;
  readonly #sink: ItemSink;
  readonly #signal: AbortSignal;
  #done = false;
  #stopping: Promise<void> | undefined;

  constructor(producer: Producer, sink: ItemSink, signal: AbortSignal) {
    this.#producer = producer;
    this.#sink = sink;
    this.#signal = signal;
  }

  async drive(): Promise<undefined> {
    const onAbort = () => {
      this.#sink.release();
      // At once: what waits for something else than the signal is to hear of it too.
      this.#stop().catch(() => {});
    };
    this.#signal.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#takeAll();
    } catch (error) {
      // What `return()` throws says more than why it was called.
      await this.#stop();
      throw error;
    } finally {
      this.#signal.removeEventListener("abort", onAbort);
    }
  }

  async #takeAll(): Promise<void> {
    for (let count = 1;; count++) {
      const room = this.#sink.room();
      if (room !== undefined) await room;
      else if (count % ITEMS_AT_A_TIME === 0) await new Promise<void>(afterOthers);
      this.#signal.throwIfAborted();
      const step = await this.#next();
      this.#signal.throwIfAborted();
      if (this.#done) return;
      const pushed = this.#sink.push(step);
      if (pushed !== undefined) await pushed;
    }
  }

  /** The next item; nothing is to be stopped any more once there is none. */
  async #next(): Promise<unknown> {
    let step: unknown;
    try {
      step = await this.#producer.next();
    } catch (error) {
      this.#done = true;
      throw error;
    }
    if (typeof step !== "object" || step === null) {
      throw new TypeError("The iterator of a stream gave something that is no step");
    }
    this.#done = "done" in step && Boolean(step.done);
    const value = "value" in step ? step.value : undefined;
    return isPromiseLike(value) && !this.#done ? await value : value;
  }

  #stop(): Promise<void> {
    if (this.#done) return this.#stopping ?? Promise.resolve();
    return this.#stopping ??= this.#return();
  }

  async #return(): Promise<void> {
    await this.#producer.return?.();
  }
}

/**
 * The iterator of what a handler returned.
 *
 * @throws {TypeError} where it cannot be iterated; a text could be, and is never meant
 */
function producerOf(produced: unknown, method: string): Producer {
  if (typeof produced === "object" && produced !== null) {
    const create = Reflect.get(produced, Symbol.asyncIterator) ?? Reflect.get(produced, Symbol.iterator);
    const producer: unknown = typeof create === "function" ? create.call(produced) : undefined;
    if (isProducer(producer)) return producer;
  }
  throw new TypeError(
    `The handler of the stream "${method}" must be a generator function, or return what can be iterated: it returned ${
      produced === null ? "null" : typeof produced
    }`,
  );
}

function isProducer(value: unknown): value is Producer {
  return typeof value === "object" && value !== null && "next" in value && typeof value.next === "function";
}

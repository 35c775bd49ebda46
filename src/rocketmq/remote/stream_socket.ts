import type { Socket as Stream } from "node:net";
import { createDeferred, type Deferred } from "../../async/deferred.ts";
import type { Socket } from "./socket.ts";

/** What users read of the failures of a connection. */
export interface FailureTexts {
  /** Why there is none; without a cause it was closed before it was one. */
  connecting(cause: Error | undefined): string;
  /** What broke it. */
  connected(cause: Error): string;
}

/**
 * The connection of a stream that was told to connect; resolves once it has.
 *
 * @param event what the stream emits then
 * @param signal gives up connecting; has no effect afterwards
 */
export function openStream(
  stream: Stream,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
  texts: FailureTexts,
): Promise<Socket> {
  const opening = createDeferred<Socket>();
  const onAbort = (): void => fail(new Error("Connecting was given up"));
  const onClose = (): void => fail(new Error(texts.connecting(undefined)));
  const onError = (cause: Error): void => fail(new Error(texts.connecting(cause), { cause }));
  const leave = (): void => {
    signal.removeEventListener("abort", onAbort);
    stream.off("close", onClose);
    stream.off("error", onError);
  };
  function fail(error: Error): void {
    leave();
    // What it says after this is nobody's business any more, but must be heard.
    stream.on("error", () => {});
    stream.destroy();
    opening.reject(error);
  }
  stream.once("close", onClose);
  stream.once("error", onError);
  stream.once(event, () => {
    leave();
    stream.setNoDelay(true);
    opening.resolve(new StreamSocket(stream, texts));
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  return opening.promise;
}

/** A connection over a stream, read chunk by chunk as it is asked for: nothing piles up here beyond its buffer. */
class StreamSocket implements Socket {
  readonly #stream: Stream;
  readonly #texts: FailureTexts;
  /** What was read and did not fit. */
  #rest: Uint8Array | undefined;
  #waiting: Deferred<number | null> | undefined;
  #into: Uint8Array = new Uint8Array(0);
  #ended = false;
  #error: Error | undefined;

  constructor(stream: Stream, texts: FailureTexts) {
    this.#stream = stream;
    this.#texts = texts;
    stream.on("readable", () => this.#serve());
    stream.on("end", () => {
      this.#ended = true;
      this.#serve();
    });
    stream.on("error", (cause) => this.#break(this.#failure(cause)));
    stream.on("close", () => this.#break(new Error("the connection is closed")));
  }

  read(into: Uint8Array): Promise<number | null> {
    const waiting = createDeferred<number | null>();
    this.#waiting = waiting;
    this.#into = into;
    this.#serve();
    return waiting.promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      this.#stream.write(bytes, (cause) => {
        if (cause) reject(this.#error ?? this.#failure(cause));
        else resolve(bytes.length);
      });
    });
  }

  close(): void {
    this.#stream.destroy();
    this.#break(new Error("the connection is closed"));
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const chunk = this.#rest ?? this.#take();
    if (chunk !== null) {
      const count = Math.min(chunk.length, this.#into.length);
      this.#into.set(chunk.subarray(0, count));
      this.#rest = count < chunk.length ? chunk.subarray(count) : undefined;
      this.#waiting = undefined;
      return waiting.resolve(count);
    }
    if (this.#error === undefined && !this.#ended) return;
    this.#waiting = undefined;
    if (this.#ended) waiting.resolve(null);
    else waiting.reject(this.#error);
  }

  #take(): Uint8Array | null {
    const chunk: unknown = this.#error === undefined ? this.#stream.read() : null;
    return chunk instanceof Uint8Array && chunk.length > 0 ? chunk : null;
  }

  #failure(cause: Error): Error {
    return new Error(this.#texts.connected(cause), { cause });
  }

  #break(error: Error): void {
    this.#error ??= error;
    this.#serve();
  }
}

import { afterOthers } from "../../async/event_loop.ts";
import { Writer } from "../../bytes/writer.ts";
import { type Serialization, writeFrame } from "./frame.ts";
import type { OutgoingCommand } from "./outgoing.ts";
import type { Socket } from "./socket.ts";

/**
 * When frames are written that were queued while nothing was: `soon`, after what the code that queued them still does, or
 * `last`, when everything that was due in this turn of the event loop has been done.
 */
export type WriteTime = "soon" | "last";

/** A buffer that grew beyond this is not kept for the next batch. */
const KEPT_CAPACITY = 1024 * 1024;

/** Where a queued frame lies, to find out or to undo its sending. */
export interface QueuedFrame {
  readonly batch: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The sending half of a connection. Frames are encoded straight into one buffer. Those of one turn, and those that
 * come while a write is under way, leave in one write: that is worth more than anything else on this path.
 */
export class Outbox {
  readonly #socket: Socket;
  readonly #onError: (error: unknown) => void;
  readonly #serialization: Serialization | undefined;
  /** Begins to write, at its time. */
  readonly #begin: (drain: () => void) => void;
  readonly #drainNow = (): void => void this.#drain();
  #filling = new Writer(4096);
  #spare = new Writer(4096);
  /** Frames of the filling buffer that must not be sent any more. */
  #withdrawn: QueuedFrame[] = [];
  /** Number of the filling buffer's batch; those below were handed to the socket. */
  #batch = 0;
  #writingBytes = 0;
  #busy = false;
  #closed = false;

  /**
   * @param onError called when the socket refuses a write
   * @param serialization how headers are written
   * @param writes when it is begun
   */
  constructor(
    socket: Socket,
    onError: (error: unknown) => void,
    serialization?: Serialization,
    writes: WriteTime = "soon",
  ) {
    this.#socket = socket;
    this.#onError = onError;
    this.#serialization = serialization;
    this.#begin = writes === "soon" ? queueMicrotask : afterOthers;
  }

  /** Bytes that wait to be written or are being written. */
  get queuedBytes(): number {
    return this.#filling.length + this.#writingBytes;
  }

  /**
   * Queues a frame; it is on its way at the time that this outbox has for it, or when the write before it is done.
   *
   * @throws RangeError when the frame is too large; nothing was queued then
   */
  append(command: OutgoingCommand): QueuedFrame {
    const start = this.#filling.length;
    writeFrame(this.#filling, command, this.#serialization);
    if (!this.#busy) {
      this.#busy = true;
      this.#begin(this.#drainNow);
    }
    return { batch: this.#batch, start, end: this.#filling.length };
  }

  /** Takes a frame back. Returns whether that was possible: false once the socket may have got it. */
  withdraw(frame: QueuedFrame): boolean {
    if (frame.batch < this.#batch) return false;
    this.#withdrawn.push(frame);
    return true;
  }

  /** Sends nothing more: what was not handed to the socket yet never is. */
  close(): void {
    this.#closed = true;
  }

  async #drain(): Promise<void> {
    try {
      while (this.#filling.length > 0 && !this.#closed) await this.#write(this.#swap());
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#busy = false;
    }
  }

  #swap(): Writer {
    const full = this.#filling;
    if (this.#withdrawn.length > 0) {
      full.remove(this.#withdrawn.sort((a, b) => a.start - b.start));
      this.#withdrawn = [];
    }
    this.#filling = this.#spare;
    this.#batch++;
    return full;
  }

  async #write(full: Writer): Promise<void> {
    let rest = full.bytes();
    while (rest.length > 0) {
      this.#writingBytes = rest.length;
      rest = rest.subarray(await this.#socket.write(rest));
    }
    this.#writingBytes = 0;
    full.truncate(0);
    this.#spare = full.capacity > KEPT_CAPACITY ? new Writer(4096) : full;
  }
}

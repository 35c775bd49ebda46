import { Backoff } from "../async/backoff.ts";
import type { Timer } from "../async/clock.ts";
import { createDeferred, type Deferred } from "../async/deferred.ts";
import { STREAM_IDLE_MS } from "../call/defaults.ts";
import type { ItemSink } from "../call/item_sink.ts";
import { controlMessage, type Credit } from "../envelope/credit.ts";
import { streamMessage, type StreamPart } from "../envelope/item.ts";
import { type Reply, replyBody } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { ItemBody } from "./answers.ts";
import {
  EXPIRED_ANSWERED_MS,
  REPLY_PACK_BYTES,
  RETRY_PAUSE_MS,
  STREAM_PACK_ITEMS,
  STREAM_UNTAKEN_ITEMS,
} from "./defaults.ts";
import type { ReceivedCall } from "./received_call.ts";
import type { StreamParts } from "./streams.ts";

/** What is told of a stream. */
export interface StreamOwner {
  /** Its first message is stored: its request is settled, and never run again. */
  streamStored(call: ReceivedCall): void;
  /** Nothing of it is under way any more: its end is stored, or was given up. */
  streamOver(call: ReceivedCall): void;
}

const log = logger("callee");

/**
 * The answer to one call, item by item: the callee's end of a stream. Takes items as long as its reader has given credit
 * for them, sends them in order with one message on its way at a time, and sends the end behind them. What waits here is
 * bounded by the credit and by one message.
 */
export class StreamReply implements ItemSink {
  begun = false;
  readonly #call: ReceivedCall;
  readonly #credit: Credit;
  readonly #owner: StreamOwner;
  readonly #parts: StreamParts;
  readonly #backoff: Backoff;
  /** The number of the last item. */
  #made = 0;
  /** The number of the last part that is stored. */
  #stored = 0;
  /** The number of the last item that its reader has taken. */
  #taken = 0;
  /** Bytes of each item that its reader has not taken, the oldest first. */
  readonly #untaken: number[] = [];
  #untakenBytes = 0;
  readonly #waiting: StreamPart[] = [];
  #waitingBytes = 0;
  /** Of the parts that wait, how many are one message that was tried: it may be stored, so that it stays what it was. */
  #tried: number | undefined;
  #sending = false;
  #scheduled = false;
  #pause: Timer | undefined;
  #room: Deferred<void> | undefined;
  /** Why it takes no more items. */
  #over: RpcError | undefined;
  /** Set once its end waits to be sent, or was sent. */
  #ending = false;
  #closed = false;
  /** How it ends whatever its handler makes of it: an item could not travel. */
  #verdict: Reply | undefined;
  #heardAtMs = 0;
  #idle: Timer | undefined;
  #answering = false;

  /**
   * @param call the call that it answers
   * @param credit what its reader has granted
   * @param owner told how far it is
   * @param parts what all streams of a service share
   */
  constructor(call: ReceivedCall, credit: Credit, owner: StreamOwner, parts: StreamParts) {
    this.#call = call;
    this.#credit = credit;
    this.#owner = owner;
    this.#parts = parts;
    this.#backoff = new Backoff({ ...RETRY_PAUSE_MS, random: parts.random });
  }

  get id(): string {
    return this.#call.id;
  }

  room(): Promise<void> | undefined {
    if (this.#over !== undefined) throw this.#over;
    if (this.#hasRoom) return undefined;
    this.#room ??= createDeferred<void>();
    return this.#room.promise;
  }

  release(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  push(item: unknown): Promise<void> | undefined {
    if (this.#over !== undefined) throw this.#over;
    if (!this.begun) this.#begin();
    const body = this.#parts.answers.toItem(this.#call.facts, item);
    if (body instanceof Promise) return body.then((late) => this.#take(late));
    this.#take(body);
    return undefined;
  }

  /** The handler has come to its end, or is given up: nothing comes after this. Does nothing the second time. */
  end(reply: Reply): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#over ??= reply.ok ? ended() : reply.error;
    this.#rejectRoom(this.#over);
    this.#idle?.cancel();
    const last = this.#verdict ?? reply;
    this.#waiting.push({ kind: "end", seq: this.#made + 1, reply: last });
    this.#call.observed?.answered(last.ok ? undefined : last.error);
    this.#schedule();
  }

  /** The call is no longer this instance's: a stream that has begun ends, whatever its handler still does. */
  withdrawn(reason: RpcError): void {
    if (!this.begun) return;
    this.end({ id: this.id, ok: false, error: reason, ran: "maybe" });
  }

  /** Its reader has been heard of, and has taken all items up to that number. */
  heard(taken: number): void {
    this.#heardAtMs = this.#parts.clock.monotonic();
    while (this.#taken < Math.min(taken, this.#made)) {
      this.#taken++;
      this.#untakenBytes -= this.#untaken.shift() ?? 0;
    }
    if (this.#hasRoom) this.release();
  }

  /** Tells its reader that it is there. At most one such answer is on its way. */
  answerPing(): void {
    if (this.#answering) return;
    this.#answering = true;
    const { replyTo } = this.#call.facts.request;
    const message = controlMessage({ kind: "pong", id: this.id, seq: this.#stored }, this.#call.method);
    this.#parts.transport.sendTo(replyTo, message, { near: this.#call.facts.delivery }).catch((error) => {
      log.debug(EVENTS.callee.streamControlFailed, { callId: this.id, error });
    }).finally(() => this.#answering = false);
  }

  /** Sends nothing any more. */
  close(): void {
    this.#closed = true;
    this.#pause?.cancel();
    this.#idle?.cancel();
    this.#call.observed?.left();
  }

  get #hasRoom(): boolean {
    const { items, bytes } = this.#credit;
    return this.#untaken.length < Math.min(items, STREAM_UNTAKEN_ITEMS) && this.#untakenBytes < bytes &&
      this.#waiting.length < STREAM_PACK_ITEMS && this.#waitingBytes < REPLY_PACK_BYTES;
  }

  /** From now on it ends as a stream does, and its reader is to be heard of. */
  #begin(): void {
    this.begun = true;
    this.#parts.begun(this);
    this.#heardAtMs = this.#parts.clock.monotonic();
    this.#watchReader(STREAM_IDLE_MS);
  }

  #take(item: ItemBody): void {
    if (this.#over !== undefined) throw this.#over;
    if (item.lost !== undefined) {
      this.#verdict = item.lost;
      this.#over = item.lost.error;
      throw this.#over;
    }
    const bytes = item.body?.length ?? 0;
    this.#untaken.push(bytes);
    this.#untakenBytes += bytes;
    this.#waiting.push({ kind: "item", seq: ++this.#made, type: item.type, body: item.body });
    this.#waitingBytes += bytes;
    this.#parts.counts.items++;
    this.#schedule();
  }

  #rejectRoom(reason: RpcError): void {
    // Nobody may wait for it.
    this.#room?.promise.catch(() => {});
    this.#room?.reject(reason);
    this.#room = undefined;
  }

  #watchReader(ms: number): void {
    this.#idle = this.#parts.wheel.schedule(ms, () => {
      const silentMs = this.#parts.clock.monotonic() - this.#heardAtMs;
      if (silentMs < STREAM_IDLE_MS) return this.#watchReader(STREAM_IDLE_MS - silentMs);
      this.#parts.counts.readersGone++;
      this.#giveUp(`The reader of the stream was not heard of for ${STREAM_IDLE_MS} ms`);
    });
  }

  /** Ends it from this side, and tells its handler. */
  #giveUp(message: string): void {
    const error = new RpcError("unavailable", message, { outcome: "sent_unknown", callId: this.id });
    this.end({ id: this.id, ok: false, error, ran: "maybe" });
    this.#call.stop(error);
  }

  #schedule(): void {
    if (this.#scheduled || this.#sending || this.#pause !== undefined || this.#closed) return;
    this.#scheduled = true;
    // What is made in one turn travels together.
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#closed && this.#waiting.length > 0) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#sending = true;
    const count = this.#tried ??= this.#batch();
    const { request: { id, replyTo }, delivery } = this.#call.facts;
    try {
      const message = streamMessage({
        id,
        attempt: this.#call.attempt,
        direct: this.#parts.direct(delivery.queue),
        method: this.#call.method,
        type: this.#parts.answers.type,
        parts: this.#waiting.slice(0, count),
      });
      await this.#parts.transport.sendTo(replyTo, message, { near: delivery });
      this.#backoff.reset();
      this.#tried = undefined;
      this.#sent(count);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#sending = false;
    }
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** How many of the parts that wait go as one message. */
  #batch(): number {
    let bytes = 0;
    let count = 0;
    for (const part of this.#waiting) {
      bytes += (part.kind === "item" ? part.body : replyBody(part.reply))?.length ?? 0;
      if (count > 0 && (count === STREAM_PACK_ITEMS || bytes > REPLY_PACK_BYTES)) break;
      count++;
    }
    return count;
  }

  #sent(count: number): void {
    const first = this.#stored === 0;
    for (const part of this.#waiting.splice(0, count)) {
      this.#stored = part.seq;
      if (part.kind === "item") this.#waitingBytes -= part.body?.length ?? 0;
    }
    if (first) this.#owner.streamStored(this.#call);
    if (this.#ending && this.#waiting.length === 0) return this.#leave();
    if (this.#hasRoom) this.release();
  }

  #failed(error: unknown): void {
    // What is no address of this transport, or what no broker takes, never becomes one.
    const hopeless = error instanceof TypeError ||
      (error instanceof RpcError && error.code === "invalid_argument");
    if (this.#closed) return;
    if (hopeless || this.#call.deadlineMs + EXPIRED_ANSWERED_MS <= this.#parts.clock.now()) {
      return this.#undelivered(error);
    }
    this.#pause = this.#parts.clock.after(this.#backoff.next(), () => {
      this.#pause = undefined;
      this.#schedule();
    });
  }

  /** Nobody gets it, or nobody waits any more. */
  #undelivered(error: unknown): void {
    this.#parts.counts.undelivered++;
    log.warn(EVENTS.callee.streamUndelivered, { callId: this.id, method: this.#call.method, error });
    if (!this.#ending) this.#giveUp("The items of the stream cannot be sent");
    this.#waiting.length = 0;
    this.#leave();
  }

  #leave(): void {
    this.close();
    this.#parts.over(this);
    this.#owner.streamOver(this.#call);
  }
}

function ended(): RpcError {
  return new RpcError("failed_precondition", "The stream has ended");
}

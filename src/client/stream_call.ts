import type { Timer } from "../async/clock.ts";
import type { Call } from "../call/call.ts";
import { MAX_BODY_BYTES } from "../call/defaults.ts";
import type { ObservedCall } from "../call/observer.ts";
import { createDeferred, type Deferred } from "../async/deferred.ts";
import type { StreamControl } from "../envelope/credit.ts";
import { readDirect } from "../envelope/direct.ts";
import type { Item, StreamMessage } from "../envelope/item.ts";
import type { Reply } from "../envelope/reply.ts";
import type { Request } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import { STREAM_BYTES, STREAM_EXCESS, STREAM_GAP_MS, STREAM_ITEMS } from "./defaults.ts";
import { ItemBuffer } from "./item_buffer.ts";
import { type ItemSource, OpenStream } from "./item_stream.ts";
import { type CallDesk, OutboundCall } from "./outbound_call.ts";
import { ProducerWatch } from "./producer_watch.ts";
import { readOutput } from "./reply_reader.ts";
import type { Route } from "./routes.ts";

/** What a stream needs from its client besides what a call does. */
export interface StreamDesk extends CallDesk {
  /** The clock's monotonic time. */
  monotonicMs(): number;
  after(ms: number, callback: () => void): Timer;
  /** Tells the producer something; resolves when it is on its way. */
  tell(call: StreamCall, address: string, control: StreamControl): Promise<void>;
  /** Looks for what the broker has stored of the stream, from the part that it waits for on. Never rejects. */
  lookUp(call: StreamCall): Promise<void>;
  /** The stream is over. */
  left(call: StreamCall): void;
  /** Where answers to this client go. */
  readonly replyTo: string;
}

/** Who produces a stream: one run, on one instance. */
interface Producer {
  readonly address: string;
  readonly attempt: number;
}

const log = logger("caller");
type Step = IteratorResult<unknown, undefined>;

const DONE: Step = Object.freeze({ done: true, value: undefined });

/**
 * The caller's end of a stream. Until its first part has come it is a call like any other. From then on it belongs to the
 * run that sent that part: it puts what comes in order, hands it to its reader, gives credit for what was read, and finds
 * out when its producer is gone.
 */
export class StreamCall extends OutboundCall implements ItemSource {
  readonly #desk: StreamDesk;
  readonly #buffer = new ItemBuffer(
    STREAM_EXCESS * STREAM_ITEMS,
    STREAM_EXCESS * STREAM_BYTES + MAX_BODY_BYTES,
  );
  /** What is read from, by interceptors and untyped callers too. */
  readonly #view = new OpenStream(this);
  readonly #readers: Deferred<Step>[] = [];
  #producer: Producer | undefined;
  /** Thrown to its reader behind what it has not read; `undefined` after that, or when it ended well. */
  #failure: RpcError | undefined;
  #closed = false;
  /** Whether what was not read is read before the failure. */
  #orderly = false;

  /** Set as soon as the producer is known. */
  #watch: ProducerWatch | undefined;
  /** Since when parts are missing of which it is known that they were sent. */
  #missing: Timer | undefined;
  /** The number of the last part that is known to be stored. */
  #known = 0;
  #broken: RpcError | undefined;

  constructor(call: Call, route: Route, request: Request, desk: StreamDesk, observed?: ObservedCall) {
    super(call, route, undefined, request, desk, observed);
    this.#desk = desk;
  }

  /** The number of the part that it waits for. */
  get awaited(): number {
    return this.#buffer.next;
  }

  override get direct(): string | undefined {
    return this.#producer?.address;
  }

  next(): Promise<Step> {
    const reader = createDeferred<Step>();
    this.#readers.push(reader);
    this.#serve();
    return reader.promise;
  }

  return(): Promise<Step> {
    if (this.live && this.#desk.pending.finish(this.id)) {
      this.conclude();
      this.#desk.cancelled(this);
    }
    this.#close(undefined, false);
    return Promise.resolve(DONE);
  }

  /**
   * Takes parts that have come.
   *
   * @returns `false` when they are of another run than those before: nobody reads them
   */
  take({ direct, attempt, parts }: StreamMessage): boolean {
    if (!this.live) return false;
    const address = readDirect(direct)?.address;
    if (address === undefined) return false;
    if (this.#producer === undefined) this.#bind({ address, attempt });
    else if (this.#producer.address !== address || this.#producer.attempt !== attempt) return false;
    this.#watch?.heard();
    for (const part of parts) {
      if (this.#buffer.add(part) === "too many") {
        this.#break("data_loss", "The producer of the stream sends more than it was granted");
        return true;
      }
    }
    this.#progress();
    return true;
  }

  /** The producer is there, and has sent all parts up to that number. */
  pong(sent: number): void {
    if (!this.live || this.#producer === undefined) return;
    this.#watch?.answered();
    this.#known = Math.max(this.#known, sent);
    this.#seekMissing();
  }

  /** What was sent to this client may have passed it by: its first part, too. Never rejects. */
  async lookAgain(): Promise<void> {
    if (this.live && this.queue !== undefined) await this.#desk.lookUp(this);
  }

  /** Ends it with `cancelled`, and tells its producer. */
  abandon(reason: string): void {
    this.#desk.pending.cancel(this.id, reason);
  }

  override replied(reply: Reply): boolean {
    if (this.#producer !== undefined) {
      // Its producer says that it does not have it any more, or whoever has its queue now: its end may be on its way.
      if (!reply.ok) this.#seekEnd(reply.error);
      return false;
    }
    if (!reply.ok) return super.replied(reply);
    if (reply.body === undefined) {
      this.#finish(reply);
      return true;
    }
    return super.replied(noStream(this.id));
  }

  override sendFailed(error: RpcError): void {
    // What was sent has arrived: its parts say so.
    if (this.#producer === undefined) super.sendFailed(error);
  }

  override timedOut(error: RpcError): void {
    this.#orderly = true;
    super.timedOut(error);
  }

  override failed(failure: RpcError): void {
    const error = this.known(failure);
    super.failed(failure);
    this.#close(error, this.#orderly);
  }

  protected override conclude(error?: RpcError): void {
    super.conclude(error);
    this.#desk.left(this);
  }

  #bind(producer: Producer): void {
    this.#producer = producer;
    this.#watch = new ProducerWatch({
      monotonicMs: () => this.#desk.monotonicMs(),
      after: (ms, callback) => this.#desk.after(ms, callback),
      tell: (kind, seq) => this.#tell(producer, kind, seq),
      gone: (message) => this.#break("unavailable", message),
    });
  }

  async #tell({ address }: Producer, kind: "credit" | "ping", seq: number): Promise<void> {
    try {
      await this.#desk.tell(this, address, { kind, id: this.id, seq, replyTo: this.#desk.replyTo });
    } catch (error) {
      log.debug(EVENTS.caller.streamControlFailed, { callId: this.id, error });
      throw error;
    }
  }

  /** Something has come. */
  #progress(): void {
    const { end, size } = this.#buffer;
    if (end !== undefined && this.#desk.pending.finish(this.id)) this.#finish(end);
    else if (size > 0) this.opened(this.#view);
    this.#serve();
    this.#seekMissing();
  }

  /** Everything has come. */
  #finish(end: Reply): void {
    let error: RpcError | undefined;
    if (!end.ok) error = this.#errorOf(end);
    this.conclude(error);
    if (error !== undefined && this.#buffer.size === 0) this.refused(error);
    else this.opened(this.#view);
    this.#close(error, true);
  }

  #errorOf(end: Reply): RpcError {
    try {
      readOutput(this.call, this.id, end, this.route.places);
    } catch (error) {
      return this.known(RpcError.from(error));
    }
    return new RpcError("internal", "The stream failed", { outcome: "sent_unknown", callId: this.id });
  }

  /** Hands what there is to those who wait for it. */
  #serve(): void {
    while (this.#readers.length > 0) {
      const item = this.#buffer.take();
      if (item === undefined && !this.#closed) return;
      const reader = this.#readers.shift();
      if (item !== undefined) this.#give(item, reader);
      else if (this.#failure === undefined) reader?.resolve(DONE);
      else {
        reader?.reject(this.#failure);
        this.#failure = undefined;
      }
    }
  }

  #give(item: Item, reader: Deferred<Step> | undefined): void {
    try {
      const { type, body } = item;
      const value = readOutput(this.call, this.id, { id: this.id, ok: true, type, body }, this.route.places);
      reader?.resolve({ done: false, value });
    } catch (error) {
      const failure = RpcError.from(error);
      this.#buffer.clear();
      reader?.reject(failure);
      this.#break(failure.code, failure.message, failure);
      this.#failure = undefined;
      return;
    }
    if (this.live) this.#watch?.took(item.seq, item.body?.length ?? 0);
  }

  /** Parts are missing that were sent: they are looked up, and are to be here soon. */
  #seekMissing(): void {
    const missing = this.live && (this.#buffer.hasGap || this.#known >= this.#buffer.next);
    if (!missing && this.#broken === undefined) {
      this.#missing?.cancel();
      this.#missing = undefined;
    }
    if (!missing || this.#missing !== undefined) return;
    this.#awaitMissing();
  }

  /** Its producer does not have the stream any more: what it sent last may still come. */
  #seekEnd(error: RpcError): void {
    this.#broken ??= error;
    if (this.#missing === undefined) this.#awaitMissing();
  }

  #awaitMissing(): void {
    const { next } = this.#buffer;
    void this.#desk.lookUp(this);
    this.#missing = this.#desk.after(STREAM_GAP_MS, () => {
      this.#missing = undefined;
      if (!this.live) return;
      if (this.#buffer.next > next) {
        if (this.#broken === undefined) this.#seekMissing();
        else this.#awaitMissing();
      } else if (this.#broken !== undefined) {
        this.#break("unavailable", this.#broken.message, this.#broken);
      } else {
        this.#break("data_loss", `Item ${next} of the stream did not come within ${STREAM_GAP_MS} ms`);
      }
    });
  }

  /** Ends it from this side, behind what can still be read, and tells the producer. */
  #break(code: RpcError["code"], message: string, cause?: RpcError): void {
    const outcome = cause?.outcome === "executed_reply_lost" ? cause.outcome : "sent_unknown";
    const error = new RpcError(code, message, { outcome, callId: this.id, cause });
    log.debug(EVENTS.caller.streamBroken, { callId: this.id, error });
    this.#orderly = true;
    const { live } = this;
    this.fail(error);
    if (live) this.#desk.cancelled(this);
  }

  #close(failure: RpcError | undefined, orderly: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = failure;
    this.#watch?.stop();
    this.#missing?.cancel();
    if (!orderly) this.#buffer.clear();
    this.#serve();
  }
}

/** What answered with one reply knows the method otherwise than its caller. */
function noStream(id: string): Reply {
  const message = "It was answered with one reply: whoever serves the method does not know it as a stream";
  const error = new RpcError("internal", message, { outcome: "executed_reply_lost", callId: id });
  return { id, ok: false, error, ran: "lost" };
}

import type { Clock, Timer } from "../async/clock.ts";
import { Backoff } from "../async/backoff.ts";
import type { Random } from "../async/random.ts";
import { json } from "../codec/json.ts";
import { travelling } from "../envelope/body.ts";
import { writeDirect } from "../envelope/direct.ts";
import { ENVELOPE_VERSION, HEADER, type HeaderSink } from "../envelope/headers.ts";
import { encodePack, HeadText } from "../envelope/pack.ts";
import { type DeclaredBody, type Reply, replyBody, replyHeaders, writeReply } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Delivery, Message, PlainRequest, QueueRef, Transport } from "../transport/transport.ts";
import {
  LANES_KEPT,
  PLAIN_REPLIES_AT_ONCE,
  REPLY_PACK_BYTES,
  REPLY_PACK_CALLS,
  RETRY_PAUSE_MS,
} from "./defaults.ts";

/** A reply on its way out. */
export interface OutgoingReply {
  readonly reply: Reply;
  readonly method: string;
  /** An address of one of our transports. */
  readonly replyTo: string;
  /** Set where the requester is a plain RocketMQ client: then the reply travels alone and bare. */
  readonly plain: PlainRequest | undefined;
  /** The delivery that it answers; `undefined` for a call that came past all queues. */
  readonly near: Delivery | undefined;
  /** Until when it is worth trying, epoch milliseconds. */
  readonly untilMs: number;
  /**
   * The reply is stored or pushed, or nobody waits for it any more: its request can be settled.
   *
   * @param sent `false` where it could not be stored before its deadline
   */
  done(sent: boolean): void;
}

/** The replies to one address. */
interface Lane {
  readonly address: string;
  waiting: OutgoingReply[];
  outstanding: number;
  scheduled: boolean;
  /** Sends what waits, in a turn of its own. */
  readonly flush: () => void;
  readonly backoff: Backoff;
  pause: Timer | undefined;
}

const log = logger("callee");

/**
 * Sends replies. Those to one requester gather while a send to it is outstanding and then go as one message, whatever
 * services of a system they are of: a requester takes one push at a time. A send that failed is tried again until the
 * calls' deadlines; only then are they settled without.
 */
export class Replier {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #random: Random;
  /** Where this instance is reached past all queues: what replies say. */
  readonly #direct: string;
  /** The same with a queue, as it travels: written once per partition. */
  readonly #written = new WeakMap<QueueRef, string>();
  /** Those that have something to send or had lately. */
  readonly #lanes = new Map<string, Lane>();
  #last: Lane | undefined;
  #mostLanes = LANES_KEPT;
  #turn = 0;
  #closed = false;

  /** @param transport one that has started */
  constructor(transport: Transport, clock: Clock, random: Random) {
    this.#transport = transport;
    this.#direct = transport.addresses.direct;
    this.#clock = clock;
    this.#random = random;
  }

  /** Takes a reply to send. */
  send(outgoing: OutgoingReply): void {
    const lane = this.#lane(outgoing.replyTo);
    lane.waiting.push(outgoing);
    this.#schedule(lane);
  }

  /** Stops trying. What has not been sent is not settled: its requests come again elsewhere. */
  close(): void {
    this.#closed = true;
    for (const lane of this.#lanes.values()) lane.pause?.cancel();
    this.#lanes.clear();
    this.#last = undefined;
  }

  #lane(address: string): Lane {
    // Nearly always the one that the last reply went to.
    if (this.#last?.address === address) return this.#last;
    let lane = this.#lanes.get(address);
    if (lane === undefined) {
      if (this.#lanes.size >= this.#mostLanes) this.#forgetIdle();
      const backoff = new Backoff({ ...RETRY_PAUSE_MS, random: this.#random });
      const flush = () => this.#flush(created);
      const created: Lane = {
        address,
        waiting: [],
        outstanding: 0,
        scheduled: false,
        flush,
        backoff,
        pause: undefined,
      };
      lane = created;
      this.#lanes.set(address, lane);
    }
    return this.#last = lane;
  }

  /** Addresses come from outside, so there may be any number of them. */
  #forgetIdle(): void {
    for (const [address, { waiting, outstanding, pause }] of this.#lanes) {
      if (waiting.length === 0 && outstanding === 0 && pause === undefined) this.#lanes.delete(address);
    }
    this.#last = undefined;
    // Where all of them are busy, not every further one looks through them again.
    this.#mostLanes = Math.max(LANES_KEPT, 2 * this.#lanes.size);
  }

  #schedule(lane: Lane): void {
    if (lane.scheduled || lane.pause !== undefined || this.#closed) return;
    lane.scheduled = true;
    queueMicrotask(lane.flush);
  }

  #flush(lane: Lane): void {
    lane.scheduled = false;
    // After a failure, the pause ends before anything else goes to the address.
    if (lane.pause !== undefined) return;
    while (lane.waiting.length > 0 && !this.#closed) {
      const plain = lane.waiting[0]?.plain !== undefined;
      if (lane.outstanding >= (plain ? PLAIN_REPLIES_AT_ONCE : 1)) return;
      void this.#sendBatch(lane, takeBatch(lane.waiting));
    }
  }

  async #sendBatch(lane: Lane, batch: readonly OutgoingReply[]): Promise<void> {
    const near = batch[0]?.near;
    lane.outstanding++;
    try {
      await this.#transport.sendTo(lane.address, this.#message(batch), { near });
      lane.backoff.reset();
      for (const outgoing of batch) outgoing.done(true);
    } catch (error) {
      this.#tryAgain(lane, batch, error);
    } finally {
      lane.outstanding--;
    }
    if (lane.waiting.length > 0) this.#schedule(lane);
  }

  #message(batch: readonly OutgoingReply[]): Omit<Message, "topic"> {
    const [first] = batch;
    if (first === undefined) throw new TypeError("Cannot send an empty batch of replies");
    const keys = batch.map(({ reply }) => reply.id);
    if (batch.length === 1) {
      const headers = replyHeaders(first.reply);
      if (first.plain === undefined) this.#writeDirect(batch, headers);
      return { tag: first.method, keys, headers, body: travelling(bodyFor(first)), plain: first.plain };
    }
    const headers = new Map([[HEADER.version, ENVELOPE_VERSION], [HEADER.kind, "pack"]]);
    this.#writeDirect(batch, headers);
    const entries = batch.map(({ reply }) => {
      const head = new HeadText();
      writeReply(reply, head);
      return { head: head.text, body: travelling(replyBody(reply)) };
    });
    return { tag: first.method, keys, headers, body: encodePack(entries) };
  }

  /** Tells the owner of one queue that the replies come from: of another one each time, so that all get known. */
  #writeDirect(batch: readonly OutgoingReply[], into: HeaderSink): void {
    const queue = batch[this.#turn++ % batch.length]?.near?.queue;
    if (queue === undefined) return;
    let direct = this.#written.get(queue);
    if (direct === undefined) {
      direct = writeDirect({ address: this.#direct, ...queue });
      this.#written.set(queue, direct);
    }
    into.set(HEADER.direct, direct);
  }

  #tryAgain(lane: Lane, batch: readonly OutgoingReply[], error: unknown): void {
    // What is no address of this transport, or what no broker takes, never becomes one.
    const hopeless = error instanceof TypeError ||
      (error instanceof RpcError && error.code === "invalid_argument");
    const now = hopeless ? Infinity : this.#clock.now();
    const overdue = batch.filter((outgoing) => outgoing.untilMs <= now);
    if (overdue.length > 0) {
      log.warn(EVENTS.callee.replyFailed, { address: lane.address, calls: overdue.length, error });
      for (const outgoing of overdue) outgoing.done(false);
    }
    lane.waiting.unshift(...batch.filter((outgoing) => outgoing.untilMs > now));
    if (this.#closed || lane.pause !== undefined || hopeless) return;
    lane.pause = this.#clock.after(lane.backoff.next(), () => {
      lane.pause = undefined;
      this.#schedule(lane);
    });
  }
}

/** Takes what goes as one message: a plain reply alone, others up to the bounds of a pack. */
function takeBatch(waiting: OutgoingReply[]): OutgoingReply[] {
  let bytes = 0;
  let count = 0;
  for (const { reply, plain } of waiting) {
    bytes += replyBody(reply)?.length ?? 0;
    if (count > 0 && (plain !== undefined || count === REPLY_PACK_CALLS || bytes > REPLY_PACK_BYTES)) break;
    count++;
    if (plain !== undefined) break;
  }
  return waiting.splice(0, count);
}

/** A plain requester reads no headers: it gets a failure as a JSON body beside them. */
function bodyFor({ reply, plain }: OutgoingReply): Uint8Array | undefined {
  if (reply.ok || plain === undefined) return replyBody(reply);
  const { code, message } = reply.error;
  const { declared } = reply;
  const error = { code, message, ran: reply.ran, declared: declared?.name, details: detailsOf(declared) };
  return json.encode({ error });
}

/** The details of a declared error, where they are JSON like the text around them. */
function detailsOf(declared: DeclaredBody | undefined): unknown {
  return declared?.body !== undefined && declared.type === json.contentType
    ? json.decode(declared.body)
    : undefined;
}

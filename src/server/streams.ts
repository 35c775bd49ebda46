import type { Clock } from "../async/clock.ts";
import { createDeferred, type Deferred } from "../async/deferred.ts";
import type { Random } from "../async/random.ts";
import type { TimerWheel } from "../async/timer_wheel.ts";
import { within } from "../async/within.ts";
import type { Credit, StreamControl } from "../envelope/credit.ts";
import { writeDirect } from "../envelope/direct.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { QueueRef, Transport } from "../transport/transport.ts";
import type { Answers } from "./answers.ts";
import { STREAM_CLOSE_MS, STREAMS_AT_ONCE } from "./defaults.ts";
import type { ReceivedCall } from "./received_call.ts";
import type { ServiceParts } from "./service_parts.ts";
import { type StreamOwner, StreamReply } from "./stream_reply.ts";

/** What became of the streams of one service. */
export interface StreamCounts {
  /** Streams of which a first item was made. */
  streams: number;
  /** Their items. */
  items: number;
  /** Streams that ended because nothing was heard of their readers. */
  readersGone: number;
  /** Streams whose items or end could not be stored before their deadline. */
  undelivered: number;
}

/** What all streams of one service share. */
export interface StreamParts {
  readonly transport: Pick<Transport, "sendTo">;
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly answers: Pick<Answers, "toItem" | "type">;
  readonly counts: StreamCounts;
  /** How this instance is reached for a stream of that queue, as it travels. */
  direct(queue: QueueRef): string;
  /** A stream has its first item. */
  begun(stream: StreamReply): void;
  /** Nothing of a stream is under way any more. */
  over(stream: StreamReply): void;
}

/** The streams of one service that run here: where what their readers tell finds them. */
export class Streams implements StreamParts {
  readonly transport: Pick<Transport, "sendTo">;
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly answers: Pick<Answers, "toItem" | "type">;
  readonly counts: StreamCounts = { streams: 0, items: 0, readersGone: 0, undelivered: 0 };
  readonly #address: string;
  readonly #running = new Map<string, StreamReply>();
  readonly #direct = new WeakMap<QueueRef, string>();
  #quiet: Deferred<void> | undefined;

  /** @param parts of a transport that has started */
  constructor({ transport, clock, random, wheel }: ServiceParts, answers: Answers) {
    this.transport = transport;
    this.clock = clock;
    this.random = random;
    this.wheel = wheel;
    this.answers = answers;
    this.#address = transport.addresses.direct;
  }

  /** Streams that have begun and have not ended. */
  get running(): number {
    return this.#running.size;
  }

  /** Why no further stream may begin now; `undefined` when it may. */
  get refusal(): RpcError | undefined {
    if (this.#running.size < STREAMS_AT_ONCE) return undefined;
    const message = `${STREAMS_AT_ONCE} streams of the service run on this instance`;
    return new RpcError("unavailable", message, { outcome: "rejected" });
  }

  /** The answer to a call that is a stream. Costs nothing more until its first item is made. */
  open(call: ReceivedCall, credit: Credit, owner: StreamOwner): StreamReply {
    return new StreamReply(call, credit, owner, this);
  }

  /** What its reader tells reaches the stream; `false` when it does not run here. */
  control({ kind, id, seq }: StreamControl): boolean {
    const stream = this.#running.get(id);
    if (stream === undefined) return false;
    stream.heard(seq);
    if (kind === "ping") stream.answerPing();
    return true;
  }

  /** Lets ends that are on their way be stored, for a moment, and sends nothing any more. */
  async close(): Promise<void> {
    if (this.#running.size > 0) {
      this.#quiet = createDeferred<void>();
      const after = (ms: number, callback: () => void) => this.clock.after(ms, callback);
      await within(this.#quiet.promise, STREAM_CLOSE_MS, after, () => undefined).catch(() => {});
    }
    for (const stream of this.#running.values()) stream.close();
    this.#running.clear();
  }

  direct(queue: QueueRef): string {
    let written = this.#direct.get(queue);
    if (written === undefined) {
      written = writeDirect({ address: this.#address, ...queue });
      this.#direct.set(queue, written);
    }
    return written;
  }

  begun(stream: StreamReply): void {
    this.counts.streams++;
    this.#running.set(stream.id, stream);
  }

  over(stream: StreamReply): void {
    // Whoever makes ids may have made this one twice.
    if (this.#running.get(stream.id) === stream) this.#running.delete(stream.id);
    if (this.#running.size === 0) this.#quiet?.resolve();
  }
}

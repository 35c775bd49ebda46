import { cancelMessage } from "../envelope/cancel.ts";
import { readControl } from "../envelope/credit.ts";
import { readDirect } from "../envelope/direct.ts";
import { HEADER } from "../envelope/headers.ts";
import { isStreamMessage, partKey, readStreamMessage, type StreamMessage } from "../envelope/item.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { DirectMessage, Transport } from "../transport/transport.ts";
import { MISSED_LOOKUPS_AT_ONCE } from "./defaults.ts";
import type { StreamCall } from "./stream_call.ts";

const log = logger("caller");

/** The streams that a client reads, by the ids of their calls. */
export class OpenStreams {
  readonly #transport: Pick<Transport, "sendTo" | "storedReplies" | "capabilities">;
  readonly #streams = new Map<string, StreamCall>();
  /** By the ids of the calls that are looked up: whether something has come to light since that calls for another look. */
  readonly #looking = new Map<string, boolean>();
  #stray = 0;

  constructor(transport: Pick<Transport, "sendTo" | "storedReplies" | "capabilities">) {
    this.#transport = transport;
  }

  /** How many are read. */
  get size(): number {
    return this.#streams.size;
  }

  /** Messages of streams that nobody reads here, and answers of their producers. */
  get stray(): number {
    return this.#stray;
  }

  add(call: StreamCall): void {
    this.#streams.set(call.id, call);
  }

  remove(call: StreamCall): void {
    this.#streams.delete(call.id);
  }

  /** Ends all of them with `cancelled`, and tells their producers. */
  cancelAll(reason: string): void {
    for (const call of [...this.#streams.values()]) call.abandon(reason);
  }

  /** What was sent to this client may have passed it by: looks for it, for a few streams at a time. Never rejects. */
  async lookAgain(): Promise<void> {
    // Those that are open now: one that is opened meanwhile has missed nothing.
    const calls = [...this.#streams.values()].values();
    const work = async () => {
      for (const call of calls) await call.lookAgain();
    };
    await Promise.all(Array.from({ length: MISSED_LOOKUPS_AT_ONCE }, work));
  }

  /**
   * Takes what arrived, if it is of a stream.
   *
   * @returns whether it is
   * @throws what is wrong with it
   */
  receive({ headers, body }: DirectMessage): boolean {
    if (headers.get(HEADER.kind) === "ping") {
      const control = readControl(headers);
      if (control?.kind !== "pong") throw new TypeError("It is a ping that answers nothing");
      const call = this.#streams.get(control.id);
      if (call === undefined) this.#stray++;
      else call.pong(control.seq);
      return true;
    }
    if (!isStreamMessage(headers)) return false;
    const message = readStreamMessage(headers, body);
    if (!this.#streams.get(message.id)?.take(message)) this.#turnAway(message);
    return true;
  }

  /**
   * Looks for parts that were stored and did not come, one message after the other. While it looks, the next look waits:
   * what it is asked for may have been stored after the broker was asked. Never rejects.
   */
  async lookUp(call: StreamCall): Promise<void> {
    if (!this.#transport.capabilities.storedReplies) return;
    const looking = this.#looking.has(call.id);
    this.#looking.set(call.id, looking);
    if (looking) return;
    try {
      for (let awaited = 0; call.live && (call.awaited > awaited || this.#looking.get(call.id));) {
        awaited = call.awaited;
        this.#looking.set(call.id, false);
        const near = call.queue === undefined ? undefined : { queue: call.queue };
        const stored = await this.#transport.storedReplies(partKey(call.id, awaited), near);
        for (const { headers, body } of stored) {
          if (isStreamMessage(headers)) call.take(readStreamMessage(headers, body));
        }
      }
    } catch (error) {
      log.debug(EVENTS.caller.lookUpFailed, { callId: call.id, error });
    } finally {
      this.#looking.delete(call.id);
    }
  }

  /** Nobody reads it: its producer is to stop. */
  #turnAway({ id, direct, parts }: StreamMessage): void {
    this.#stray++;
    log.debug(EVENTS.caller.strayItem, { callId: id });
    const address = readDirect(direct)?.address;
    if (address === undefined || parts.at(-1)?.kind === "end") return;
    this.#transport.sendTo(address, cancelMessage(id, "")).catch((error) => {
      log.debug(EVENTS.caller.cancelFailed, { callId: id, error });
    });
  }
}

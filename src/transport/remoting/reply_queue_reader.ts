import { Backoff } from "../../async/backoff.ts";
import type { Timer } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { StoredMessage } from "../../rocketmq/client/message.ts";
import { maxOffset } from "../../rocketmq/client/offsets.ts";
import { pull, type PullResult } from "../../rocketmq/client/pull.ts";
import { masterAddress } from "../../rocketmq/client/route.ts";
import type { Waiting } from "../transport.ts";
import {
  BEYOND_END_PAUSE_MS,
  PULL_MESSAGES,
  PULL_TIMEOUT_MS,
  PULLS_BEYOND_END,
  REPLY_LOOK_BACK,
  REPLY_PULL_RETRY_MS,
  REQUEST_TIMEOUT_MS,
} from "./defaults.ts";
import { mayBeReplica } from "./acting_master.ts";
import { noMaster } from "./declared_queues.ts";
import { retryAfterMs } from "./errors.ts";
import { heldPull } from "./held_pull.ts";
import { directMessage } from "./messages.ts";
import { REPLY_TOPIC, replyTag } from "./names.ts";
import type { ReplyReading } from "./reply_reader.ts";

const log = logger("transport");

/** Which queue is read. */
export interface ReplyQueueReading
  extends Pick<ReplyReading, "client" | "clock" | "random" | "instance" | "listener"> {
  readonly brokerName: string;
  readonly queueId: number;
}

/**
 * Reads one queue of the reply topic by held pulls that wake up for this instance's tag only. It is no member of any
 * group: its place is kept here, and outlives the broker's restarts.
 */
export class ReplyQueueReader {
  readonly #reading: ReplyQueueReading;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  /** Where it goes on; `undefined` until its broker was reached. */
  #offset: number | undefined;
  /** Pulls in a row that found the queue shorter than what was read of it. */
  #beyondEnd = 0;
  #failing = false;
  #pause: { readonly timer: Timer; readonly end: () => void } | undefined;

  constructor(reading: ReplyQueueReading) {
    this.#reading = reading;
    this.#backoff = new Backoff({ ...REPLY_PULL_RETRY_MS, random: reading.random });
  }

  /** What logs call it. */
  get name(): string {
    return `${REPLY_TOPIC} ${this.#reading.brokerName}/${this.#reading.queueId}`;
  }

  /**
   * Finds the end of the queue, where reading begins.
   *
   * @throws {RocketMqError} kind `refused` when nothing may be read there; else when the broker cannot be reached
   */
  async begin(options: Waiting): Promise<void> {
    this.#offset = await this.#end(options);
    await this.#pullOnce(this.#offset, "now");
  }

  /**
   * Reads until it is closed. Never rejects.
   *
   * @param failure what {@linkcode begin} failed with: what was refused is not asked for again at once
   */
  async run(failure?: unknown): Promise<void> {
    if (failure !== undefined) await this.#rest(failure);
    while (!this.#closing.signal.aborted) {
      try {
        // Its tag was never used before this instance began: earlier places cost a glance, and bring nothing twice.
        this.#offset ??= Math.max(0, await this.#end({ signal: this.#closing.signal }) - REPLY_LOOK_BACK);
        await this.#pullOnce(this.#offset, "held");
        this.#backoff.reset();
        this.#failing = false;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        this.#failed(error);
        await this.#rest(error);
      }
    }
  }

  /** Tries again now, where it waits after a failure. */
  wake(): void {
    this.#pause?.end();
  }

  /** Stops reading. */
  close(): void {
    this.#closing.abort();
    this.wake();
  }

  async #end(options: Waiting): Promise<number> {
    return await maxOffset(this.#reading.client, await this.#master(options), this.#queue(), {
      timeoutMs: REQUEST_TIMEOUT_MS,
      ...options,
    });
  }

  #rest(failure: unknown): Promise<void> {
    return this.#wait(retryAfterMs(failure, this.#backoff.next()));
  }

  /** Each row of failures is worth one warning. */
  #failed(error: unknown): void {
    const properties = { what: `A pull of ${this.name}`, error };
    if (this.#failing) log.debug(EVENTS.transport.roundFailed, properties);
    else log.warn(EVENTS.transport.roundFailed, properties);
    this.#failing = true;
  }

  async #pullOnce(offset: number, how: "now" | "held"): Promise<void> {
    const { listener } = this.#reading;
    const { signal } = this.#closing;
    const answer = await this.#pull(offset, how);
    if (signal.aborted) return;
    for (const message of answer.messages) deliver(message, listener);
    if (
      answer.status === "offset_moved" && answer.nextOffset < offset && ++this.#beyondEnd < PULLS_BEYOND_END
    ) {
      // The queue's index lags its log by a moment; only a broker that lost its newest messages stays behind.
      return await this.#wait(BEYOND_END_PAUSE_MS);
    }
    this.#beyondEnd = 0;
    this.#offset = answer.nextOffset;
  }

  async #pull(offset: number, how: "now" | "held"): Promise<PullResult> {
    const { client, clock, instance } = this.#reading;
    const { signal } = this.#closing;
    const address = await this.#master({ signal });
    const subscription = { expression: replyTag(instance), version: 0 };
    const request = {
      ...this.#queue(),
      group: REPLY_TOPIC,
      offset,
      maxMessages: PULL_MESSAGES,
      subscription,
    };
    if (how === "held") return (await heldPull(client, address, request, { clock, signal })).answer;
    return await pull(client, address, { ...request, suspendMs: 0 }, { timeoutMs: PULL_TIMEOUT_MS, signal });
  }

  #queue(): { readonly topic: string; readonly brokerName: string; readonly queueId: number } {
    const { brokerName, queueId } = this.#reading;
    return { topic: REPLY_TOPIC, brokerName, queueId };
  }

  async #master(options: Waiting): Promise<string> {
    const { client, brokerName } = this.#reading;
    const route = await client.route(REPLY_TOPIC, options);
    const address = masterAddress(route, brokerName);
    if (address === undefined || mayBeReplica(route, brokerName)) throw noMaster(brokerName);
    return address;
  }

  #wait(ms: number): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.resolve();
    const { promise, resolve } = createDeferred<void>();
    const timer = this.#reading.clock.after(ms, resolve);
    this.#pause = { timer, end: resolve };
    return promise.finally(() => {
      timer.cancel();
      this.#pause = undefined;
    });
  }
}

/** One reply that is damaged must not hold up those behind it. */
function deliver(message: StoredMessage, listener: ReplyReading["listener"]): void {
  let body: Uint8Array;
  try {
    body = message.body;
  } catch (error) {
    log.warn(EVENTS.caller.replyRefused, { error });
    return;
  }
  listener(directMessage(message.properties, body));
}

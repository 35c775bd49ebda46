import type { Clock, Timer } from "../../async/clock.ts";
import type { Random } from "../../async/random.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { RocketMqError } from "../../rocketmq/error.ts";
import type { DirectMessage, Waiting } from "../transport.ts";
import { REPLY_ROUTE_INTERVAL_MS } from "./defaults.ts";
import { REPLY_TOPIC } from "./names.ts";
import { ReplyQueueReader } from "./reply_queue_reader.ts";
import { replyBrokers } from "./reply_brokers.ts";
import { replyQueue, type ReplyTopic } from "./reply_topic.ts";

const log = logger("transport");

/** What reading replies takes. */
export interface ReplyReading {
  readonly client: RocketMqClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly instance: number;
  readonly topic: ReplyTopic;
  /** The clusters that this instance deals with. */
  readonly clusters: () => readonly string[];
  readonly listener: (message: DirectMessage) => void;
}

/**
 * Reads this instance's queue of the reply topic at every master that it deals with: also at those that come later, and
 * its new queue where their number changes. Queues that it has read once are read on, since others may not have heard.
 */
export class ReplyReader {
  readonly #reading: ReplyReading;
  /** By broker name and queue. */
  readonly #queues = new Map<string, ReplyQueueReader>();
  readonly #running: Promise<void>[] = [];
  #timer: Timer | undefined;
  #closed = false;

  constructor(reading: ReplyReading) {
    this.#reading = reading;
  }

  /**
   * Begins to read at every broker known by now. What is stored after this has resolved is read, except from brokers
   * that cannot be reached yet: there, reading begins a little before the end. Where there is no topic, it is looked for
   * again from time to time.
   *
   * @throws {RocketMqError} when a broker refuses
   */
  async start(options: Waiting): Promise<void> {
    if (this.#timer === undefined) this.#schedule();
    if (this.#reading.topic.usable) await this.meet(options);
  }

  /** Begins to read at brokers, and queues, that are new. */
  async meet(options: Waiting): Promise<void> {
    const { client, instance, clusters } = this.#reading;
    const known = new Set(clusters());
    const brokers = await replyBrokers(client, REPLY_TOPIC, undefined, options);
    const begun: Promise<void>[] = [];
    for (const { cluster, brokerName, queues } of brokers) {
      if (!known.has(cluster) || queues === 0) continue;
      const queueId = replyQueue(instance, queues);
      const name = `${brokerName}/${queueId}`;
      if (this.#closed || this.#queues.has(name)) continue;
      const reader = new ReplyQueueReader({ ...this.#reading, brokerName, queueId });
      this.#queues.set(name, reader);
      begun.push(this.#begin(reader, options));
    }
    await Promise.all(begun);
  }

  /** A broker can be reached again: what waits for it waits no longer. */
  connected(): void {
    for (const queue of this.#queues.values()) queue.wake();
  }

  /** Stops reading; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    for (const queue of this.#queues.values()) queue.close();
    await Promise.all(this.#running);
  }

  async #begin(reader: ReplyQueueReader, options: Waiting): Promise<void> {
    let failure: unknown;
    try {
      await reader.begin(options);
    } catch (error) {
      failure = error;
      options.signal?.throwIfAborted();
      if (error instanceof RocketMqError && error.kind === "refused") throw error;
      log.debug(EVENTS.transport.roundFailed, { what: `A first look at ${reader.name}`, error });
    } finally {
      if (!this.#closed) this.#running.push(reader.run(failure));
    }
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#reading.clock.after(REPLY_ROUTE_INTERVAL_MS, () => {
      this.#schedule();
      this.#look().catch((error) =>
        log.debug(EVENTS.transport.roundFailed, { what: `A look at the route of "${REPLY_TOPIC}"`, error })
      );
    });
  }

  async #look(): Promise<void> {
    if (await this.#reading.topic.look({}) && !this.#closed) await this.meet({});
  }
}

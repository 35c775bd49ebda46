import type { Clock, Timer } from "../../async/clock.ts";
import type { Random } from "../../async/random.ts";
import { inTime, TOO_LATE } from "../../async/in_time.ts";
import type { ProtoMessage } from "../../deps/rocketmq_proto.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { QueueRef, Sink, Waiting } from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import { Acks } from "./client/acks.ts";
import { ACK_DELAY_MS, RECEIVE_MESSAGES } from "./client/defaults.ts";
import { changeInvisible } from "./client/invisible.ts";
import { ReceiveLoop } from "./client/receive_loop.ts";
import type { Caller } from "./client/requests.ts";
import { type OpenSession, Session } from "./client/session.ts";
import {
  GIVE_BACK_AT_ONCE,
  GIVE_BACK_LIMIT_MS,
  HANDLE_MARGIN_MS,
  HELD_MESSAGES,
  ROUTE_KEPT_MS,
  SUBSCRIBE_LIMIT_MS,
} from "./defaults.ts";
import { GrpcDelivery, type Settler } from "./delivery.ts";
import { isForbidden, notSent } from "./errors.ts";
import { KeyOrder } from "./key_order.ts";
import { fromProto, type ReceivedProto } from "./messages.ts";
import { GrpcPartition, type PartitionHost } from "./partition.ts";

/** What a consumer needs of its transport. */
export interface ConsumerOptions extends Caller {
  readonly random: Random;
  readonly namespace: string | undefined;
  readonly topic: string;
  readonly group: string;
  readonly queues: readonly QueueRef[];
  /** Whether the topic keeps the order of message groups. */
  readonly ordered: boolean;
  /** The brokers that have the topic now. */
  readonly brokers: () => Promise<readonly string[]>;
  readonly pollMs: number;
  readonly redeliverAfterMs: number;
  readonly sink: Sink;
}

const log = logger("transport");

/**
 * One member of a consumer group: receives from every broker of its topic, one receive at a time each, and shares the
 * messages out among its partitions. A message is this member's until it is settled, given back, or its time is over.
 */
export class Consumer implements Settler, PartitionHost {
  readonly sink: Sink;
  readonly #options: ConsumerOptions;
  readonly #clock: Clock;
  readonly #session: Session;
  readonly #acks: Acks;
  readonly #partitions: readonly GrpcPartition[];
  readonly #order = new KeyOrder();
  readonly #loops = new Map<string, ReceiveLoop>();
  /** What is delivered or held and not settled, in the order in which its time is over. */
  readonly #open = new Set<GrpcDelivery>();
  /** Messages that come again here, each with its timer. */
  readonly #again = new Map<GrpcDelivery, Timer>();
  #held = 0;
  #expiry: Timer | undefined;
  #watch: Timer | undefined;
  readonly #refused = Promise.withResolvers<never>();
  #trouble: unknown;
  #failing = false;
  #closing: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.sink = options.sink;
    this.#clock = options.clock;
    this.#refused.promise.catch(() => {});
    const onTrouble = (error: unknown): void => this.#troubled(error);
    const { topic, group, ordered, queues } = options;
    this.#session = new Session({ ...options, topic, group, expression: "*", onTrouble });
    this.#acks = new Acks({ ...options, topic, group, delayMs: ordered ? 0 : ACK_DELAY_MS, onTrouble });
    this.#partitions = queues.map((queue) => new GrpcPartition(queue, this));
  }

  /**
   * Introduces it to its proxy. Nothing is received before {@linkcode Consumer.begin}.
   *
   * @throws {RpcError} `unavailable` / `not_sent` when that takes too long, with what the proxy said last
   * @throws {ProxyError} when the account may not
   */
  async open({ signal }: Waiting): Promise<OpenSession> {
    this.#session.start();
    const ready = Promise.race([this.#session.ready(), this.#refused.promise]);
    const session = await untilAborted(inTime(ready, SUBSCRIBE_LIMIT_MS, this.#clock), signal);
    if (session !== TOO_LATE) return session;
    const reason = this.#trouble instanceof Error ? this.#trouble.message : "it does not answer";
    const message = `Cannot join group "${this.#options.group}" within ${SUBSCRIBE_LIMIT_MS} ms: ${reason}`;
    throw notSent("unavailable", message, this.#trouble);
  }

  /** Assigns its partitions and begins to receive for them. */
  begin(brokers: readonly string[]): void {
    for (const partition of this.#partitions) this.sink.assigned(partition);
    this.#follow(brokers);
    this.#watchRoute();
  }

  /**
   * Leaves the group: ends its receives (each within its poll, what comes meanwhile is delivered), hands every partition
   * back, and gives back what is not settled. Never rejects.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#leave();
  }

  wanted(): void {
    for (const loop of this.#loops.values()) loop.wake();
  }

  released(messages: number): void {
    this.#held -= messages;
    if (messages > 0) this.wanted();
  }

  settle(delivery: GrpcDelivery): void {
    this.#end(delivery);
    const { messageId, handle } = delivery.received;
    this.#acks.add({ messageId, handle, dueAtMs: delivery.dueAtMs });
    if (!delivery.received.ordered) return;
    const next = this.#order.settled(delivery);
    if (next !== undefined) this.#offer(next);
  }

  giveBack(delivery: GrpcDelivery, ms: number): void {
    this.#end(delivery);
    const { received, partition, starts, dueAtMs } = delivery;
    if (received.ordered && this.#clock.monotonic() + ms + HANDLE_MARGIN_MS < dueAtMs) {
      // Brokers give nothing else of its queue out meanwhile: it comes again from here.
      const again = new GrpcDelivery(received, starts + 1, partition, dueAtMs, this);
      this.#order.replace(delivery, again);
      this.#open.add(again);
      const timer = this.#clock.after(ms, () => {
        this.#again.delete(again);
        this.#offer(again);
      });
      this.#again.set(again, timer);
      return;
    }
    // What is behind it comes again when its own time is over, and not before it.
    for (const follower of this.#order.drop(delivery)) this.#end(follower);
    void this.#return(received, ms);
  }

  /** Takes one message that was received. */
  #take(proto: ProtoMessage): void {
    const received = fromProto(proto, this.#options.topic);
    const count = this.#partitions.length;
    const index = Number.isSafeInteger(received.queue) && received.queue >= 0 ? received.queue % count : 0;
    const partition = this.#partitions[index];
    if (partition === undefined) return;
    const dueAtMs = this.#clock.monotonic() + this.#options.redeliverAfterMs;
    const delivery = new GrpcDelivery(received, received.starts, partition, dueAtMs, this);
    this.#open.add(delivery);
    this.#expireLater(delivery);
    if (!received.ordered || this.#order.add(delivery)) this.#offer(delivery);
  }

  #offer(delivery: GrpcDelivery): void {
    if (delivery.current && delivery.partition.offer(delivery)) this.#held++;
  }

  /** How many messages may be asked for now. */
  #room(): number {
    if (this.#held >= HELD_MESSAGES) return 0;
    let room = 0;
    for (const partition of this.#partitions) room += partition.wanted;
    return Math.min(room, RECEIVE_MESSAGES);
  }

  #end(delivery: GrpcDelivery): void {
    delivery.current = false;
    this.#open.delete(delivery);
  }

  /** One timer for all: those that are received first are over first. */
  #expireLater(delivery: GrpcDelivery): void {
    if (this.#expiry !== undefined) return;
    const ms = Math.max(0, delivery.dueAtMs - this.#clock.monotonic());
    this.#expiry = this.#clock.after(ms, () => this.#expire());
  }

  #expire(): void {
    this.#expiry = undefined;
    const now = this.#clock.monotonic();
    let next: GrpcDelivery | undefined;
    for (const delivery of this.#open) {
      if (delivery.dueAtMs > now) {
        next ??= delivery;
        // Those that come again here stand behind younger ones, and are few.
        if (this.#again.size === 0) break;
        continue;
      }
      this.#again.get(delivery)?.cancel();
      this.#again.delete(delivery);
      this.#end(delivery);
      for (const follower of this.#order.drop(delivery)) this.#end(follower);
    }
    if (next !== undefined) this.#expireLater(next);
  }

  /** Follows the brokers that have the topic. */
  #follow(brokers: readonly string[]): void {
    for (const [broker, loop] of this.#loops) {
      if (brokers.includes(broker)) continue;
      this.#loops.delete(broker);
      void loop.stop();
    }
    for (const broker of brokers) {
      if (this.#loops.has(broker)) continue;
      const loop = new ReceiveLoop({
        ...this.#options,
        session: this.#session,
        expression: "*",
        broker,
        invisibleMs: this.#options.redeliverAfterMs,
        room: () => this.#room(),
        take: (message) => {
          this.#failing = false;
          this.#take(message);
        },
        onTrouble: (error) => this.#troubled(error),
      });
      this.#loops.set(broker, loop);
      loop.start();
    }
  }

  #watchRoute(): void {
    this.#watch = this.#clock.after(ROUTE_KEPT_MS, () => {
      this.#options.brokers().then(
        (brokers) => this.#closing === undefined && this.#follow(brokers),
        (error) => this.#troubled(error),
      ).finally(() => this.#closing === undefined && this.#watchRoute());
    });
  }

  async #leave(): Promise<void> {
    this.#watch?.cancel();
    await Promise.all([...this.#loops.values()].map((loop) => loop.stop()));
    await Promise.all(this.#partitions.map((partition) => this.#drain(partition)));
    this.#expiry?.cancel();
    for (const timer of this.#again.values()) timer.cancel();
    await Promise.all([this.#acks.drain(), this.#giveAllBack()]);
    await this.#session.close();
  }

  async #drain(partition: GrpcPartition): Promise<void> {
    partition.drain();
    try {
      await this.sink.revoked(partition);
    } catch (error) {
      log.error(EVENTS.transport.listenerFailed, { error });
    }
    partition.close();
  }

  /** What is not settled need not wait until its time is over. */
  async #giveAllBack(): Promise<void> {
    const deliveries = [...this.#open];
    for (const delivery of deliveries) this.#end(delivery);
    const queue = deliveries.values();
    const work = async (): Promise<void> => {
      for (const { received } of queue) await this.#return(received, 0);
    };
    const all = Promise.all(Array.from({ length: Math.min(GIVE_BACK_AT_ONCE, deliveries.length) }, work));
    await inTime(all, GIVE_BACK_LIMIT_MS, this.#clock);
  }

  /** Never rejects: what cannot be given back comes again when its time is over. */
  async #return({ messageId, handle }: ReceivedProto, ms: number): Promise<void> {
    const { namespace, topic, group } = this.#options;
    try {
      await changeInvisible(this.#options, { namespace, topic, group, messageId, handle }, ms);
    } catch (error) {
      this.#troubled(error);
    }
  }

  /** Each row of failures is worth one warning. */
  #troubled(error: unknown): void {
    this.#trouble = error;
    if (isForbidden(error)) this.#refused.reject(error);
    const properties = { what: `Consuming topic ${this.#options.topic}`, error };
    if (this.#failing || this.#closing !== undefined) log.debug(EVENTS.transport.roundFailed, properties);
    else log.warn(EVENTS.transport.roundFailed, properties);
    this.#failing = true;
  }
}

import type { Timer } from "../../async/clock.ts";
import { inTime, TOO_LATE } from "../../async/in_time.ts";
import type { Random } from "../../async/random.ts";
import type { ProtoMessage } from "../../deps/rocketmq_proto.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { closed } from "../closed.ts";
import type { DirectMessage } from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import { Acks } from "./client/acks.ts";
import { RECEIVE_MESSAGES, REPLY_ACK_DELAY_MS } from "./client/defaults.ts";
import { ReceiveLoop } from "./client/receive_loop.ts";
import type { Caller } from "./client/requests.ts";
import { Session } from "./client/session.ts";
import {
  HELLO_LIMIT_MS,
  HELLO_RETRY_MS,
  REPLY_INVISIBLE_MS,
  REPLY_POLL_MS,
  ROUTE_KEPT_MS,
} from "./defaults.ts";
import { isForbidden, notSent } from "./errors.ts";
import { directMessage, fromProto } from "./messages.ts";
import { PROPERTY, REPLY_TOPIC, replyGroup, replyTag } from "./names.ts";

/** What reading replies takes. */
export interface RepliesOptions extends Caller {
  readonly random: Random;
  readonly namespace: string | undefined;
  readonly instance: number;
  /** The brokers that have the topic now. */
  readonly brokers: () => Promise<readonly string[]>;
  /** Sends this instance a message with that header. */
  readonly hello: (header: string) => Promise<void>;
  readonly listener: (message: DirectMessage) => void;
}

const log = logger("transport");

/**
 * Reads what is sent to an instance past all queues: messages of the topic of replies with its tag, by a group of its
 * own, as offsets belong to groups. Each is settled as soon as it is here.
 */
export class Replies {
  readonly #options: RepliesOptions;
  readonly #session: Session;
  readonly #acks: Acks;
  readonly #loops = new Map<string, ReceiveLoop>();
  readonly #heard = Promise.withResolvers<void>();
  readonly #refused = Promise.withResolvers<never>();
  #watch: Timer | undefined;
  readonly #closing = new AbortController();
  #trouble: unknown;
  #failing = false;

  constructor(options: RepliesOptions) {
    this.#options = options;
    const { instance } = options;
    const reading = { ...options, topic: REPLY_TOPIC, group: replyGroup(instance) };
    const onTrouble = (error: unknown): void => this.#troubled(error);
    this.#refused.promise.catch(() => {});
    this.#session = new Session({
      ...reading,
      expression: replyTag(instance),
      pollMs: REPLY_POLL_MS,
      ordered: false,
      onTrouble,
    });
    this.#acks = new Acks({ ...reading, delayMs: REPLY_ACK_DELAY_MS, onTrouble });
  }

  /**
   * Begins to read, and makes sure that it is reached: where a new group begins in a queue is settled by its first
   * receive, so that it calls itself until it hears itself.
   *
   * @throws {RpcError} `unavailable` / `not_sent` when that takes too long, or it is closed
   * @throws {ProxyError} when the account may not read them
   */
  async start(): Promise<void> {
    const { signal } = this.#closing;
    const { clock, brokers } = this.#options;
    this.#session.start();
    this.#follow(await brokers());
    signal.throwIfAborted();
    this.#watchRoute();
    const limit = clock.monotonic() + HELLO_LIMIT_MS;
    const refused = this.#refused.promise;
    await inTime(Promise.race([untilAborted(this.#session.ready(), signal), refused]), HELLO_LIMIT_MS, clock);
    while (clock.monotonic() < limit) {
      void this.#options.hello(PROPERTY.hello).catch((error) => this.#troubled(error));
      const heard = Promise.race([untilAborted(this.#heard.promise, signal), refused]);
      if (await inTime(heard, HELLO_RETRY_MS, clock) !== TOO_LATE) return;
    }
    const reason = this.#trouble instanceof Error
      ? this.#trouble.message
      : "nothing that is sent to it arrives";
    const message = `Cannot read replies from topic "${REPLY_TOPIC}" within ${HELLO_LIMIT_MS} ms: ${reason}`;
    throw notSent("unavailable", message, this.#trouble);
  }

  /** Reads from these brokers too. Those that are gone may come back. */
  #follow(brokers: readonly string[]): void {
    for (const broker of brokers) {
      if (this.#loops.has(broker)) continue;
      const { instance } = this.#options;
      const loop = new ReceiveLoop({
        ...this.#options,
        topic: REPLY_TOPIC,
        group: replyGroup(instance),
        expression: replyTag(instance),
        session: this.#session,
        broker,
        pollMs: REPLY_POLL_MS,
        invisibleMs: REPLY_INVISIBLE_MS,
        room: () => RECEIVE_MESSAGES,
        take: (message) => this.#take(message),
        onTrouble: (error) => this.#troubled(error),
      });
      this.#loops.set(broker, loop);
      loop.start();
    }
  }

  /** Reads no more: nobody waits for what is on its way. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort(closed());
    this.#watch?.cancel();
    await Promise.all([...this.#loops.values()].map((loop) => loop.abandon()));
    await this.#acks.drain();
    await this.#session.close();
  }

  #watchRoute(): void {
    this.#watch = this.#options.clock.after(ROUTE_KEPT_MS, () => {
      this.#options.brokers().then(
        (brokers) => !this.#closing.signal.aborted && this.#follow(brokers),
        (error) => this.#troubled(error),
      ).finally(() => !this.#closing.signal.aborted && this.#watchRoute());
    });
  }

  #take(proto: ProtoMessage): void {
    this.#failing = false;
    const { message, messageId, handle } = fromProto(proto, REPLY_TOPIC);
    this.#acks.add({ messageId, handle, dueAtMs: this.#options.clock.monotonic() + REPLY_INVISIBLE_MS });
    if (message.headers.has(PROPERTY.hello)) return this.#heard.resolve();
    if (message.damaged !== undefined) {
      return log.warn(EVENTS.caller.replyRefused, { error: message.damaged });
    }
    this.#options.listener(directMessage(message));
  }

  /** Each row of failures is worth one warning. */
  #troubled(error: unknown): void {
    this.#trouble = error;
    if (isForbidden(error)) this.#refused.reject(error);
    const properties = { what: `Reading topic ${REPLY_TOPIC}`, error };
    if (this.#failing) log.debug(EVENTS.transport.roundFailed, properties);
    else log.warn(EVENTS.transport.roundFailed, properties);
    this.#failing = true;
  }
}

import {
  PropertyName,
  RequestCode,
  ResponseCode,
  RocketMqClient,
  sendMessage,
  sendReply,
} from "../../src/rocketmq/mod.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import { decodeProperties } from "../../src/rocketmq/client/properties.ts";
import { findTopic, type NativeTopic, PRODUCERS, QUEUES } from "../broker/peers/native_topic.ts";
import type { Bound } from "./bound.ts";
import { CALLER, ownerOf, type Way } from "./names.ts";

/** A broker waits up to 10 s for the one it pushes to, and may have to wait for a thread before. */
const ANSWER_MS = 40_000;

/** How a {@linkcode Caller} is made. */
export interface CallerOptions {
  readonly nameServers: string;
  readonly topic: string;
  /** For how long a call waits for its reply, in milliseconds. */
  readonly timeoutMs: number;
  /** Shared by all that keep to it together. */
  readonly bound: Bound;
}

/** A requester with a connection of its own: our client of RocketMQ without the runtime, one message per call. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #client: RocketMqClient;
  readonly #pending = new Map<string, (reply: Uint8Array) => void>();
  /** When each request without the broker's answer was sent. */
  readonly #unanswered = new Map<string, number>();
  #place: NativeTopic | undefined;
  #calls = 0;

  private constructor(options: CallerOptions) {
    this.#options = options;
    this.#client = new RocketMqClient({
      nameServers: options.nameServers,
      clientId: `caller-${crypto.randomUUID()}`,
      onRequest: (_, { code, fields, body }) => {
        if (code !== RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT) return undefined;
        const id = decodeProperties(fields["properties"] ?? "").get(PropertyName.CORRELATION_ID) ?? "";
        this.#pending.get(id)?.(body);
        return { code: ResponseCode.SUCCESS };
      },
    });
  }

  /** Finds the topic, and registers with its broker, for as long as the program runs. */
  static async start(options: CallerOptions): Promise<Caller> {
    const caller = new Caller(options);
    caller.#place = await findTopic(caller.#client, options.topic);
    return caller;
  }

  /** How many requests have been without the broker's answer for so long. */
  unansweredFor(ms: number): number {
    const before = performance.now() - ms;
    return [...this.#unanswered.values()].filter((since) => since < before).length;
  }

  /**
   * One call; resolves with the reply's body. One that fails ends only when the broker has answered its request: until
   * then it may hold a thread there, and its caller would break its bound by the next one.
   */
  async call(way: Way, body: Uint8Array): Promise<Uint8Array> {
    const id = `${this.#client.clientId} ${++this.#calls}`;
    const { promise, resolve, reject } = createDeferred<Uint8Array>();
    this.#pending.set(id, resolve);
    const { timeoutMs } = this.#options;
    const timer = setTimeout(() => reject(new Error(`No reply within ${timeoutMs} ms`)), timeoutMs);
    const sent = this.#send(way, id, body);
    sent.catch(reject);
    try {
      return await promise;
    } catch (error) {
      await sent.catch(() => {});
      throw error;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  async #send(way: Way, id: string, body: Uint8Array): Promise<void> {
    const { bound } = this.#options;
    const pushed = way === "express" && bound.enter();
    this.#unanswered.set(id, performance.now());
    try {
      await this.#request(pushed, id, body);
    } finally {
      this.#unanswered.delete(id);
      if (pushed) bound.leave();
    }
  }

  async #request(pushed: boolean, id: string, body: Uint8Array): Promise<void> {
    const place = this.#place;
    if (place === undefined) throw new TypeError("The topic is not known yet");
    const { brokerName, topic, address } = place;
    const properties: [string, string][] = [
      [PropertyName.CORRELATION_ID, id],
      [CALLER, this.#client.clientId],
    ];
    if (pushed) properties.push([PropertyName.REPLY_TO_CLIENT, ownerOf(topic)]);
    const queueId = this.#calls % QUEUES;
    const message = { brokerName, topic, queueId, properties, body, producerGroup: PRODUCERS };
    // A push that failed is no failure: its request is stored all the same, and pulled.
    if (pushed) await sendReply(this.#client, address, message, { timeoutMs: ANSWER_MS });
    else await sendMessage(this.#client, address, message, { timeoutMs: ANSWER_MS });
  }
}

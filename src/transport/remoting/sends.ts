import { createDeferred, type Deferred } from "../../async/deferred.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { sendBatch } from "../../rocketmq/client/send_batch.ts";
import { type OutgoingMessage, sendMessage, type SendResult } from "../../rocketmq/client/send.ts";
import { RocketMqError } from "../../rocketmq/error.ts";
import { ResponseCode } from "../../rocketmq/remote/codes.ts";
import { BATCH_BYTES, BATCH_MESSAGES, BATCHED_PROPERTIES, REQUEST_TIMEOUT_MS } from "./defaults.ts";
import { isRefusal } from "./errors.ts";

/** A message to store; its properties are read more than once. */
export type StoredOutgoing = OutgoingMessage & {
  readonly properties: readonly (readonly [name: string, value: string])[];
};

/** A message, and who waits for what becomes of it. */
interface Waiting {
  readonly message: StoredOutgoing;
  readonly sent: Deferred<SendResult>;
}

/** The messages of one turn to one queue. */
interface Batch {
  readonly address: string;
  readonly waiting: Waiting[];
  bytes: number;
}

/** Refusals that may be due to one message alone, or to their travelling together. */
const ASK_ONE_BY_ONE = [ResponseCode.MESSAGE_ILLEGAL, ResponseCode.REQUEST_CODE_NOT_SUPPORTED] as const;

/**
 * Sends messages to be stored. Those of one turn to one queue travel as one request: they are messages of their own on the
 * broker, but what a request costs it is spent once.
 */
export class Sends {
  readonly #client: RocketMqClient;
  #batches: Batch[] = [];

  /** @param client the one that sends */
  constructor(client: RocketMqClient) {
    this.#client = client;
  }

  /**
   * Sends a message, with others of this turn where there are some.
   *
   * @param address the master of its broker
   * @throws what {@linkcode sendMessage} throws
   */
  send(address: string, message: StoredOutgoing): Promise<SendResult> {
    const bytes = sizeOf(message);
    // Then it is not worth copying it once more.
    if (bytes > BATCH_BYTES) return this.#sendOne(address, message);
    const sent = createDeferred<SendResult>();
    this.#batchFor(address, message, bytes).waiting.push({ message, sent });
    return sent.promise;
  }

  #batchFor(address: string, { topic, queueId }: StoredOutgoing, bytes: number): Batch {
    for (const batch of this.#batches) {
      const { message } = batch.waiting[0] ?? {};
      if (batch.address !== address || message?.queueId !== queueId || message.topic !== topic) continue;
      if (batch.waiting.length >= BATCH_MESSAGES || batch.bytes + bytes > BATCH_BYTES) continue;
      batch.bytes += bytes;
      return batch;
    }
    if (this.#batches.length === 0) queueMicrotask(() => this.#flush());
    const batch: Batch = { address, waiting: [], bytes };
    this.#batches.push(batch);
    return batch;
  }

  #flush(): void {
    const batches = this.#batches;
    this.#batches = [];
    for (const { address, waiting } of batches) void this.#sendAll(address, waiting);
  }

  async #sendAll(address: string, waiting: readonly Waiting[]): Promise<void> {
    const [first] = waiting;
    if (first === undefined) return;
    if (waiting.length === 1) return this.#sendAlone(address, first);
    try {
      const messages = waiting.map(({ message }) => message);
      const results = await sendBatch(this.#client, address, first.message, messages, TIMEOUT);
      results.forEach((result, index) => waiting[index]?.sent.resolve(result));
    } catch (error) {
      // What cannot even be written spoils no other either.
      if (!(error instanceof RocketMqError) || ASK_ONE_BY_ONE.some((code) => isRefusal(error, code))) {
        for (const each of waiting) this.#sendAlone(address, each);
      } else for (const { sent } of waiting) sent.reject(error);
    }
  }

  #sendAlone(address: string, { message, sent }: Waiting): void {
    this.#sendOne(address, message).then(sent.resolve, sent.reject);
  }

  #sendOne(address: string, message: StoredOutgoing): Promise<SendResult> {
    return sendMessage(this.#client, address, message, TIMEOUT);
  }
}

const TIMEOUT = { timeoutMs: REQUEST_TIMEOUT_MS };

/** About how much a message takes; `Infinity` where its properties may be more than a batch can hold for one. */
function sizeOf({ properties, body }: StoredOutgoing): number {
  let characters = 0;
  for (const [name, value] of properties) characters += name.length + value.length + 2;
  return characters > BATCHED_PROPERTIES ? Infinity : body.length + characters;
}

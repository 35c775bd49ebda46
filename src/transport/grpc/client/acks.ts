import { Backoff } from "../../../async/backoff.ts";
import type { Timer } from "../../../async/clock.ts";
import type { Random } from "../../../async/random.ts";
import { AckMessageEntry, AckMessageRequest, type ProtoAckResponse } from "../../../deps/rocketmq_proto.ts";
import { ProxyCode } from "./codes.ts";
import { ACK_ENTRIES, ACK_RETRY_MS } from "./defaults.ts";
import { fromStatus } from "./error.ts";
import { resource } from "./protocol.ts";
import { type Caller, request } from "./requests.ts";

/** A message that is to be settled. */
export interface Receipt {
  readonly messageId: string;
  readonly handle: string;
  /** Until when the handle is good, by the clock's monotonic time. */
  readonly dueAtMs: number;
}

/** Whose messages are settled. */
export interface AcksOptions extends Caller {
  readonly random: Random;
  readonly namespace: string | undefined;
  readonly topic: string;
  readonly group: string;
  /** How long receipts gather; 0: not on purpose, as others wait for what is settled here. Milliseconds. */
  readonly delayMs: number;
  /** Told of what could not be settled. */
  readonly onTrouble: (error: unknown) => void;
}

/**
 * Settles messages of one topic for one group. Receipts gather for a while, and while a request with others is
 * unanswered: one request settles up to 256. What fails for want of an answer is tried again until its handle is void.
 */
export class Acks {
  readonly #options: AcksOptions;
  readonly #backoff: Backoff;
  #waiting: Receipt[] = [];
  #timer: Timer | undefined;
  /** Whether the timer ends a pause after a failure, which nothing cuts short. */
  #pausing = false;
  #sending: Promise<void> | undefined;
  #closing = false;

  constructor(options: AcksOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...ACK_RETRY_MS, random: options.random });
  }

  /** Settles a message, soon. */
  add(receipt: Receipt): void {
    this.#waiting.push(receipt);
    if (this.#sending === undefined && !this.#pausing) this.#sendSoon();
  }

  /** Sends what waits; resolves when it was answered, or its one last try failed. Never rejects. */
  async drain(): Promise<void> {
    this.#closing = true;
    this.#stopTimer();
    do {
      if (this.#sending === undefined && this.#waiting.length > 0) this.#send();
      await this.#sending;
    } while (this.#waiting.length > 0);
  }

  /** Lets receipts gather, as far as one request has room for them. */
  #sendSoon(): void {
    const { delayMs } = this.#options;
    if (delayMs === 0 || this.#closing || this.#waiting.length >= ACK_ENTRIES) this.#send();
    else if (this.#timer === undefined) this.#wait(delayMs);
  }

  #wait(ms: number): void {
    this.#timer = this.#options.clock.after(ms, () => this.#send());
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pausing = false;
  }

  #send(): void {
    this.#stopTimer();
    const batch = this.#waiting.splice(0, ACK_ENTRIES);
    if (batch.length === 0) return;
    this.#sending = this.#sendBatch(batch).then((pauseMs) => {
      this.#sending = undefined;
      if (this.#closing || this.#waiting.length === 0) return;
      if (pauseMs === 0) return this.#sendSoon();
      this.#pausing = true;
      this.#wait(pauseMs);
    });
  }

  /** @returns how long to wait before the next one */
  async #sendBatch(batch: readonly Receipt[]): Promise<number> {
    try {
      const again = await this.#request(batch);
      if (again.length === 0) {
        this.#backoff.reset();
        return 0;
      }
      return this.#keep(again);
    } catch (error) {
      this.#options.onTrouble(error);
      return this.#keep(batch);
    }
  }

  /** What may still be settled is tried again. */
  #keep(receipts: readonly Receipt[]): number {
    const now = this.#options.clock.monotonic();
    if (!this.#closing) this.#waiting.unshift(...receipts.filter(({ dueAtMs }) => dueAtMs > now));
    return this.#backoff.next();
  }

  /** @returns those that are worth another try */
  async #request(batch: readonly Receipt[]): Promise<readonly Receipt[]> {
    const { topic, group, namespace, onTrouble } = this.#options;
    const entries = batch.map(({ messageId, handle }) =>
      new AckMessageEntry().setMessageId(messageId).setReceiptHandle(handle)
    );
    const ack = new AckMessageRequest()
      .setGroup(resource(group, namespace))
      .setTopic(resource(topic, namespace))
      .setEntriesList(entries);
    const answer = await request<ProtoAckResponse>(
      this.#options,
      (stub, metadata, options, callback) => stub.ackMessage(ack, metadata, options, callback),
    );
    const overall = answer.getStatus()?.getCode();
    if (overall === ProxyCode.OK) return [];
    const results = answer.getEntriesList();
    if (results.length === 0) throw fromStatus(answer.getStatus(), "an acknowledgement");
    const again: Receipt[] = [];
    for (const [index, receipt] of batch.entries()) {
      const status = results[index]?.getStatus();
      const code = status?.getCode();
      // A handle that is void was used before, or its message is on its way again.
      if (code === ProxyCode.OK || code === ProxyCode.INVALID_RECEIPT_HANDLE) continue;
      onTrouble(fromStatus(status, "to settle a message"));
      again.push(receipt);
    }
    return again;
  }
}

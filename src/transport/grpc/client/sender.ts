import {
  type ProtoMessage,
  type ProtoSendResponse,
  SendMessageRequest,
} from "../../../deps/rocketmq_proto.ts";
import { ProxyCode, STORED_CODES } from "./codes.ts";
import { SEND_BYTES, SEND_MESSAGES, SENDS_AT_ONCE } from "./defaults.ts";
import { fromStatus, ProxyError } from "./error.ts";
import { type Caller, request, type RequestOptions } from "./requests.ts";

/** A message on its way out. */
export interface Outgoing {
  readonly message: ProtoMessage;
  /** About how large it is on the wire. */
  readonly bytes: number;
  /** Whether it has an order to keep: those of a batch share one queue, whatever their message group. */
  readonly alone: boolean;
}

const CLOSED = "The transport is closed";

interface Waiting extends Outgoing {
  resolve(offset: number | undefined): void;
  reject(error: unknown): void;
  over: boolean;
}

/**
 * Sends messages of one topic. Those of one turn go as one request, and while requests are unanswered further ones
 * gather: what a send costs is nearly all per request.
 */
export class Sender {
  readonly #caller: Caller;
  #waiting: Waiting[] = [];
  #outstanding = 0;
  #scheduled = false;
  readonly #closing = new AbortController();

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Whether nothing waits or is on its way. */
  get idle(): boolean {
    return this.#waiting.length === 0 && this.#outstanding === 0;
  }

  /**
   * Sends a message.
   *
   * @returns its place in its queue, where the proxy told it
   * @throws {ProxyError} what became of it
   * @throws {unknown} the signal's reason, unchanged
   */
  send(outgoing: Outgoing, { signal }: RequestOptions): Promise<number | undefined> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closing.signal.aborted) return Promise.reject(new ProxyError("not_sent", CLOSED));
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { ...outgoing, resolve, reject, over: false };
      if (signal !== undefined) watch(waiting, signal);
      this.#waiting.push(waiting);
      this.#schedule();
    });
  }

  /** Fails what waits as not sent, and what is on its way as unknown. */
  close(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new ProxyError("not_sent", CLOSED));
    this.#closing.abort(new ProxyError("unknown", CLOSED));
  }

  #schedule(): void {
    if (this.#scheduled || this.#outstanding >= SENDS_AT_ONCE) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      while (this.#outstanding < SENDS_AT_ONCE) {
        const batch = this.#take();
        if (batch.length === 0) return;
        void this.#sendBatch(batch);
      }
    });
  }

  /** What goes as one request: a message alone, or those before the next one that must be. Given up ones are dropped. */
  #take(): Waiting[] {
    const batch: Waiting[] = [];
    let passed = 0;
    let bytes = 0;
    for (const waiting of this.#waiting) {
      const { alone, bytes: size, over } = waiting;
      const full = alone || batch.length === SEND_MESSAGES || bytes + size > SEND_BYTES;
      if (!over && full && batch.length > 0) break;
      passed++;
      if (over) continue;
      batch.push(waiting);
      bytes += size;
      if (alone) break;
    }
    this.#waiting.splice(0, passed);
    return batch;
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    this.#outstanding++;
    try {
      const offset = await this.#request(batch);
      for (const [index, { resolve }] of batch.entries()) {
        resolve(offset === undefined ? undefined : offset + index);
      }
    } catch (error) {
      if (batch.length > 1 && isFault(error)) { for (const one of batch) void this.#sendBatch([one]); }
      else for (const { reject } of batch) reject(error);
    } finally {
      this.#outstanding--;
    }
    if (this.#waiting.length > 0) this.#schedule();
  }

  async #request(batch: readonly Waiting[]): Promise<number | undefined> {
    const send = new SendMessageRequest().setMessagesList(batch.map(({ message }) => message));
    const answer = await request<ProtoSendResponse>(
      this.#caller,
      (stub, metadata, options, callback) => stub.sendMessage(send, metadata, options, callback),
      { signal: this.#closing.signal },
    );
    const [entry] = answer.getEntriesList();
    const status = entry?.getStatus() ?? answer.getStatus();
    const code = status?.getCode() ?? 0;
    if (!STORED_CODES.has(code)) throw fromStatus(status, "a message");
    return code === ProxyCode.OK && entry !== undefined ? entry.getOffset() : undefined;
  }
}

/** Whether one message of a batch may be at fault: the others must not suffer for it. */
function isFault(error: unknown): boolean {
  if (!(error instanceof ProxyError) || error.code === undefined) return false;
  return (error.code >= 40_000 && error.code < 40_100) || (error.code >= 41_300 && error.code < 41_400) ||
    (error.code >= 43_100 && error.code < 43_200);
}

/** Ends the wait at the signal. What is on its way goes on: others travel with it. */
function watch(waiting: Waiting, signal: AbortSignal): void {
  const { resolve, reject } = waiting;
  const onAbort = (): void => {
    waiting.over = true;
    reject(signal.reason);
  };
  const settled = (): void => signal.removeEventListener("abort", onAbort);
  signal.addEventListener("abort", onAbort, { once: true });
  waiting.resolve = (offset) => (settled(), resolve(offset));
  waiting.reject = (error) => (settled(), reject(error));
}

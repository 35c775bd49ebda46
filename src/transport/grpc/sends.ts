import { closed } from "../closed.ts";
import type { Message, QueueRef, SendReceipt } from "../transport.ts";
import type { Caller } from "./client/requests.ts";
import { Sender } from "./client/sender.ts";
import { KNOWN_ROUTES } from "./defaults.ts";
import { toRpcError } from "./errors.ts";
import { toProto } from "./messages.ts";
import type { KnownTopic, TopicRoutes } from "./topic_routes.ts";

/** What sending takes. */
export interface SendsOptions {
  readonly caller: Caller;
  readonly routes: TopicRoutes;
  readonly namespace: string | undefined;
  readonly instance: number;
}

/** Where a message goes, and what the transport says of it itself. */
export interface Destination {
  readonly known: KnownTopic;
  readonly queue: QueueRef;
  readonly own: readonly (readonly [name: string, value: string])[];
}

/** All that an instance sends: numbers its messages, and gathers those of one topic. */
export class Sends {
  readonly #options: SendsOptions;
  /** By topic. */
  readonly #senders = new Map<string, Sender>();
  #sent = 0;
  #closed = false;

  constructor(options: SendsOptions) {
    this.#options = options;
  }

  /**
   * Sends a message.
   *
   * @throws {RpcError} what became of it
   * @throws {unknown} the signal's reason, unchanged
   */
  async store(
    message: Message,
    { known: { route }, queue, own }: Destination,
    signal: AbortSignal | undefined,
  ): Promise<SendReceipt> {
    if (this.#closed) throw closed();
    const { caller, routes, namespace, instance } = this.#options;
    const { topic } = message;
    const messageId = `${instance.toString(36)}-${(++this.#sent).toString(36)}`;
    const sentAtMs = caller.clock.now();
    // Where nobody can tell, each goes as what it is: proxies refuse what does not fit, and an order that a message
    // has must not be lost to a guess.
    const untold = route.types.length === 0;
    const fifo = route.fifo || untold;
    const normal = route.normal || untold;
    const outgoing = toProto(message, { topic, namespace, messageId, sentAtMs, fifo, normal, own });
    try {
      return { messageId, queue, offset: await this.#sender(topic).send(outgoing, { signal }) };
    } catch (error) {
      routes.suspect(topic);
      throw toRpcError(error);
    }
  }

  /** Fails what waits as not sent, and what is on its way as unknown. */
  close(): void {
    this.#closed = true;
    for (const sender of this.#senders.values()) sender.close();
  }

  #sender(topic: string): Sender {
    let sender = this.#senders.get(topic);
    if (sender !== undefined) return sender;
    if (this.#senders.size >= KNOWN_ROUTES) {
      for (const [name, known] of this.#senders) if (known.idle) this.#senders.delete(name);
    }
    sender = new Sender(this.#options.caller);
    this.#senders.set(topic, sender);
    return sender;
  }
}

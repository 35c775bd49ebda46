import { MAX_EMBEDDED_BODY_BYTES } from "./defaults.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { checkDelay } from "../delay.ts";
import type {
  Addresses,
  Capabilities,
  Delivery,
  DirectMessage,
  Member,
  Message,
  QueueRef,
  SendOptions,
  SendReceipt,
  Sink,
  StoredReply,
  Subscription,
  TopicSpec,
  Transport,
  TransportStart,
  TransportState,
} from "../transport.ts";
import type { MemoryBroker } from "./broker.ts";

/** One instance's connection to an embedded broker. */
export class EmbeddedTransport implements Transport {
  readonly capabilities: Capabilities = {
    ownership: "offset",
    ownedPartitions: true,
    orderedKeys: true,
    delayMs: false,
    durable: false,
    storedReplies: true,
    presence: true,
    maxBodyBytes: MAX_EMBEDDED_BODY_BYTES,
  };
  readonly #broker: MemoryBroker;
  readonly #ownsBroker: boolean;
  readonly #subscriptions = new Set<Subscription>();
  #start: TransportStart | undefined;
  #listener: (message: DirectMessage) => void = () => {};
  #closed = false;
  #closing: Promise<void> | undefined;

  /**
   * @param broker where messages go
   * @param ownsBroker whether closing the transport closes the broker
   */
  constructor(broker: MemoryBroker, ownsBroker: boolean) {
    this.#broker = broker;
    this.#ownsBroker = ownsBroker;
  }

  get addresses(): Addresses {
    const address = `embedded:${this.#clientId}`;
    return { reply: address, direct: address };
  }

  start(options: TransportStart): Promise<void> {
    if (this.#start !== undefined) {
      return Promise.reject(new TypeError("Cannot start a transport twice: make one for each system"));
    }
    this.#start = options;
    this.#broker.listen(this.addresses.reply, (message) => this.#closed || this.#listener(message));
    return Promise.resolve();
  }

  queues(topic: string): Promise<readonly QueueRef[]> {
    const queues = this.#broker.queues(topic);
    if (queues.length > 0) return Promise.resolve(queues);
    return Promise.reject(
      notSent(`Topic "${topic}" does not exist: no instance has served its contract yet`),
    );
  }

  send(message: Message, { queue, delayMs }: SendOptions): Promise<SendReceipt> {
    if (this.#closed) return Promise.reject(notSent("The transport is closed"));
    try {
      checkDelay(delayMs, this.capabilities.delayMs);
      return Promise.resolve(this.#broker.append(message, queue, this.#now()));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendTo(address: string, message: Omit<Message, "topic">): Promise<void> {
    if (this.#closed) return Promise.reject(notSent("The transport is closed"));
    try {
      return Promise.resolve(this.#broker.reply(address, message));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  onDirect(listener: (message: DirectMessage) => void): void {
    this.#listener = listener;
  }

  subscribe(
    { group }: { readonly topic: string; readonly group: string },
    sink: Sink,
  ): Promise<Subscription> {
    if (this.#closing !== undefined) return Promise.reject(notSent("The transport is closed"));
    const consumers = this.#broker.group(group);
    if (consumers === undefined) {
      return Promise.reject(notSent(`Group "${group}" does not exist: call ensureTopics first`));
    }
    consumers.join({ clientId: this.#clientId, sink });
    let leaving: Promise<void> | undefined;
    const subscription: Subscription = {
      close: () =>
        leaving ??= consumers.leave(this.#clientId).finally(() => this.#subscriptions.delete(subscription)),
    };
    this.#subscriptions.add(subscription);
    return Promise.resolve(subscription);
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    this.#broker.ensure(specs);
    return Promise.resolve();
  }

  members(_topic: string, group: string): Promise<readonly Member[]> {
    const members = this.#broker.group(group)?.members ?? [];
    return Promise.resolve(members.map((clientId) => ({ clientId, ours: true })));
  }

  storedReply(callId: string, _near: Delivery): Promise<StoredReply | undefined> {
    return Promise.resolve(this.#broker.storedReply(callId));
  }

  /** An embedded broker is always connected. */
  onState(_listener: (state: TransportState, reason: string) => void): void {}

  close(): Promise<void> {
    return this.#closing ??= this.#release();
  }

  async #release(): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#closed = true;
    this.#broker.unlisten(this.addresses.reply);
    if (this.#ownsBroker) this.#broker.close();
  }

  get #clientId(): string {
    if (this.#start === undefined) throw new TypeError("Cannot use a transport before it has started");
    return `rka1-${this.#start.instance.toString(36)}`;
  }

  #now(): number {
    return this.#start?.clock.now() ?? 0;
  }
}

function notSent(message: string): RpcError {
  return new RpcError("unavailable", message, { outcome: "not_sent" });
}

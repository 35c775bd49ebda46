import { MAX_EMBEDDED_BODY_BYTES, MAX_EMBEDDED_DELAY_MS } from "./defaults.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { closed } from "../closed.ts";
import { checkDelay } from "../delay.ts";
import { untilAborted } from "../until_aborted.ts";
import type {
  Addresses,
  Capabilities,
  DirectMessage,
  Member,
  Message,
  Near,
  QueuePlan,
  QueueRef,
  SendOptions,
  SendReceipt,
  SendToOptions,
  Sink,
  StoredReply,
  Subscription,
  TopicSpec,
  Transport,
  TransportStart,
  TransportState,
  Waiting,
} from "../transport.ts";
import type { MemoryBroker } from "./broker.ts";
import { addressOf, clientIdOf, type Instance } from "./instance.ts";

/** What exists once the transport has started. */
interface Started {
  readonly clientId: string;
  readonly addresses: Addresses;
}

/** One instance's connection to an embedded broker. */
export class EmbeddedTransport implements Transport, Instance {
  readonly capabilities: Capabilities;
  readonly #broker: MemoryBroker;
  readonly #ownsBroker: boolean;
  /** By group. */
  readonly #subscriptions = new Map<string, Subscription>();
  /** What a journal is asked for and has not answered. */
  readonly #asked = new Set<Promise<unknown>>();
  #started: Started | undefined;
  #listener: (message: DirectMessage) => void = () => {};
  #onState: (state: TransportState, reason: string) => void = () => {};
  /** Set while its process counts as dead: told when the remains are closed. */
  #silence: AbortController | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  /**
   * @param broker where messages go
   * @param ownsBroker whether closing the transport closes the broker
   */
  constructor(broker: MemoryBroker, ownsBroker: boolean) {
    this.#broker = broker;
    this.#ownsBroker = ownsBroker;
    const { ownership } = broker.settings;
    this.capabilities = {
      ownership,
      ownedPartitions: ownership === "offset",
      orderedKeys: true,
      delayMs: MAX_EMBEDDED_DELAY_MS,
      durable: broker.journal !== undefined,
      storedReplies: true,
      presence: true,
      maxBodyBytes: MAX_EMBEDDED_BODY_BYTES,
    };
  }

  get addresses(): Addresses {
    return this.#running.addresses;
  }

  get clientId(): string {
    return this.#running.clientId;
  }

  get address(): string {
    return this.#running.addresses.direct;
  }

  start({ clock, instance }: TransportStart): Promise<void> {
    if (this.#started !== undefined) {
      return Promise.reject(new TypeError("Cannot start a transport twice: make one for each system"));
    }
    const clientId = clientIdOf(instance.toString(36));
    const address = addressOf(clientId);
    this.#started = { clientId, addresses: { reply: address, direct: address } };
    return this.#ask({}, () => this.#broker.connect(this, clock));
  }

  queues(topic: string, options: Waiting = {}): Promise<readonly QueueRef[]> {
    return this.#ask(options, () => {
      const queues = this.#broker.queues(topic);
      if (queues.length > 0) return queues;
      throw notThere(topic);
    });
  }

  plan(topic: string, options: Waiting = {}): Promise<QueuePlan> {
    return this.#ask(options, () => {
      const plan = this.#broker.plan(topic);
      if (plan !== undefined) return plan;
      throw notThere(topic);
    });
  }

  send(message: Message, options: SendOptions): Promise<SendReceipt> {
    return this.#ask(options, () => {
      const { queue, delayMs } = options;
      const { plain } = message;
      const sent = plain === undefined
        ? message
        : { ...message, plain: { ...plain, replyTo: plain.replyTo ?? this.addresses.reply } };
      return this.#broker.append(sent, queue, checkDelay(delayMs, this.capabilities.delayMs));
    });
  }

  sendTo(address: string, message: Omit<Message, "topic">, options: SendToOptions = {}): Promise<void> {
    return this.#ask(options, () => this.#broker.sendTo(address, message));
  }

  onDirect(listener: (message: DirectMessage) => void): void {
    this.#listener = listener;
  }

  subscribe(
    { group }: { readonly topic: string; readonly group: string },
    sink: Sink,
    options: Waiting = {},
  ): Promise<Subscription> {
    return this.#ask(options, () => {
      const consumers = this.#broker.group(group);
      if (consumers === undefined) throw notSent(`Group "${group}" does not exist: call ensureTopics first`);
      if (this.#closing !== undefined) throw closed();
      if (this.#subscriptions.has(group)) throw new TypeError(`Cannot join group "${group}" twice`);
      let leaving: Promise<void> | undefined;
      const leave = () =>
        leaving ??= consumers.leave(this.clientId).finally(() => this.#subscriptions.delete(group));
      const subscription: Subscription = { close: ({ signal } = {}) => untilAborted(leave(), signal) };
      this.#subscriptions.set(group, subscription);
      consumers.join(this.clientId, sink);
      return subscription;
    });
  }

  ensureTopics(specs: readonly TopicSpec[], options: Waiting = {}): Promise<void> {
    return this.#ask(options, () => this.#broker.ensure(specs));
  }

  members(_topic: string, group: string, options: Waiting = {}): Promise<readonly Member[] | "unknown"> {
    if (this.#closed) return Promise.resolve("unknown");
    return this.#ask(options, () => {
      const members = this.#broker.group(group)?.members ?? [];
      return members.map((clientId) => ({ clientId, ours: true }));
    });
  }

  storedReplies(
    callId: string,
    _near?: Near,
    options: Waiting = {},
  ): Promise<readonly StoredReply[]> {
    return this.#ask(options, () => this.#broker.storedReplies(callId));
  }

  onState(listener: (state: TransportState, reason: string) => void): void {
    this.#onState = listener;
  }

  receive(message: DirectMessage): void {
    this.#listener(message);
  }

  changed(state: TransportState, reason: string): void {
    this.#onState(state, reason);
  }

  kill(): void {
    this.#silence ??= new AbortController();
  }

  close(): Promise<void> {
    return this.#closing ??= this.#release();
  }

  async #release(): Promise<void> {
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.close()));
    this.#closed = true;
    this.#silence?.abort(closed());
    if (this.#started !== undefined && this.#silence === undefined) this.#broker.disconnect(this);
    if (this.#ownsBroker) this.#broker.close();
    await Promise.allSettled(this.#asked);
  }

  /** Does what is asked of the broker, at once where it has no journal. A dead process gets no answer, until its remains are closed. */
  #ask<T>({ signal }: Waiting, answer: () => T | Promise<T>): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.reject(closed());
    try {
      if (this.#silence !== undefined) return untilAborted(this.#never(this.#silence.signal), signal);
      const answered = answer();
      if (!(answered instanceof Promise)) return Promise.resolve(answered);
      return this.#later(untilAborted(this.#unlessKilled(answered), signal));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Remembers what is answered later until it is. */
  #later<T>(answer: Promise<T>): Promise<T> {
    const forget = () => this.#asked.delete(answer);
    this.#asked.add(answer);
    answer.then(forget, forget);
    return answer;
  }

  /** What comes later, unless its process is dead by then. */
  async #unlessKilled<T>(answered: Promise<T>): Promise<T> {
    await Promise.allSettled([answered]);
    return await (this.#silence === undefined ? answered : this.#never<T>(this.#silence.signal));
  }

  #never<T>(end: AbortSignal): Promise<T> {
    return untilAborted(new Promise<T>(() => {}), end);
  }

  get #running(): Started {
    if (this.#started === undefined) throw new TypeError("Cannot use a transport before it has started");
    return this.#started;
  }
}

function notThere(topic: string): RpcError {
  return notSent(`Topic "${topic}" does not exist: no instance has served its contract yet`);
}

function notSent(message: string): RpcError {
  return new RpcError("unavailable", message, { outcome: "not_sent" });
}

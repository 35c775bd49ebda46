import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { closed } from "../closed.ts";
import type {
  Addresses,
  DirectMessage,
  LookupOptions,
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
import { Identity } from "./client/account.ts";
import { Connection } from "./client/connection.ts";
import { nameOf } from "./client/endpoints.ts";
import type { Caller } from "./client/requests.ts";
import { queryRoute, type Route } from "./client/routes.ts";
import { addressOf, instanceAt } from "./address.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { START_LIMIT_MS, START_LONGEST_MS } from "./defaults.ts";
import { heldBack, isAbsent, notSent, toNotSent } from "./errors.ts";
import { clientIdOf, OUR_MARKER, PROPERTY, PROXY, REPLY_TOPIC, replyTag } from "./names.ts";
import { type GrpcOptions, type GrpcSettings, grpcSettings } from "./options.ts";
import { Replies } from "./replies.ts";
import { Sends } from "./sends.ts";
import { Subscriptions } from "./subscriptions.ts";
import { checkQueue, type KnownTopic, TopicRoutes } from "./topic_routes.ts";
import { type Lack, lacking, lackOf, untold } from "./topics.ts";

/** What exists once the transport has started. */
interface Started {
  readonly start: TransportStart;
  readonly connection: Connection;
  readonly caller: Caller;
  readonly routes: TopicRoutes;
  readonly sends: Sends;
  readonly subscriptions: Subscriptions;
  readonly addresses: Addresses;
}

const log = logger("transport");

/** Queues that a reply topic has, where it has to be made. */
const REPLY_QUEUES = 8;

/** RocketMQ 5 by its proxies: one connection for everything. */
export class GrpcTransport implements Transport {
  readonly capabilities = CAPABILITIES;
  readonly #settings: GrpcSettings;
  readonly #closed = new AbortController();
  #started: Started | undefined;
  #replies: Replies | undefined;
  #listener: (message: DirectMessage) => void = () => {};
  #onState: (state: TransportState, reason: string) => void = () => {};
  #closing: Promise<void> | undefined;

  /**
   * Connects to nobody yet.
   *
   * @throws {TypeError} when an option cannot be read
   * @throws {RangeError} on a number out of its range
   */
  constructor(options: GrpcOptions) {
    this.#settings = grpcSettings(options);
  }

  get addresses(): Addresses {
    return this.#running.addresses;
  }

  async start(start: TransportStart): Promise<void> {
    if (this.#started !== undefined) {
      throw new TypeError("Cannot start a transport twice: make one for each system");
    }
    const { clock, random, instance } = start;
    const { endpoints, tls, credentials, namespace } = this.#settings;
    const connection = new Connection({
      endpoints,
      tls,
      clock,
      random,
      onChange: (state, endpoint, reason) => this.#changed(state, endpoint, reason),
    });
    const identity = new Identity(OUR_MARKER + instance.toString(36), credentials, namespace);
    const caller = { connection, identity, clock };
    const address = addressOf(instance);
    const look = (topic: string): Promise<Route> =>
      queryRoute(caller, topic, namespace, { signal: this.#closed.signal });
    const routes = new TopicRoutes(look, clock);
    this.#started = {
      start,
      connection,
      caller,
      routes,
      sends: new Sends({ caller, routes, namespace, instance }),
      subscriptions: new Subscriptions({ start, settings: this.#settings, connection, routes }),
      addresses: { reply: address, direct: address },
    };
    try {
      connection.start();
      await this.#reach(connection);
      await this.#readReplies(this.#started);
    } catch (error) {
      await this.close();
      throw toNotSent(error);
    }
  }

  async queues(topic: string, options: LookupOptions = {}): Promise<readonly QueueRef[]> {
    const { queues, route } = await this.#known(topic, options);
    if (route.writable && queues.length > 0) return queues;
    const message = `Nobody may write topic "${topic}": change its permission: mqadmin updateTopicPerm -p 6`;
    throw notSent("permission_denied", message);
  }

  async plan(topic: string, options: LookupOptions = {}): Promise<QueuePlan> {
    return (await this.#known(topic, options)).plan;
  }

  async send(message: Message, { queue, delayMs, signal }: SendOptions): Promise<SendReceipt> {
    signal?.throwIfAborted();
    this.#checkOpen();
    if (delayMs !== undefined && delayMs !== 0) throw heldBack();
    const known = await this.#known(message.topic, { signal });
    checkQueue(queue, known);
    const { plain } = message;
    const complete = plain === undefined || plain.replyTo !== undefined
      ? message
      : { ...message, plain: { ...plain, replyTo: this.addresses.reply } };
    const destination = { known, queue, own: [[PROPERTY.queue, String(queue.id)]] } as const;
    return await this.#running.sends.store(complete, destination, signal);
  }

  async sendTo(
    address: string,
    message: Omit<Message, "topic">,
    { signal }: SendToOptions = {},
  ): Promise<void> {
    signal?.throwIfAborted();
    this.#checkOpen();
    const tag = replyTag(instanceAt(address));
    const known = await this.#known(REPLY_TOPIC, { signal });
    const queue = { topic: REPLY_TOPIC, broker: PROXY, id: 0 };
    await this.#running.sends.store(
      { ...message, topic: REPLY_TOPIC, tag },
      { known, queue, own: [] },
      signal,
    );
  }

  onDirect(listener: (message: DirectMessage) => void): void {
    this.#listener = listener;
  }

  async subscribe(
    { topic, group }: { readonly topic: string; readonly group: string },
    sink: Sink,
    options: Waiting = {},
  ): Promise<Subscription> {
    options.signal?.throwIfAborted();
    this.#checkOpen();
    return await this.#running.subscriptions.join(topic, group, sink, options);
  }

  async ensureTopics(specs: readonly TopicSpec[], options: Waiting = {}): Promise<void> {
    options.signal?.throwIfAborted();
    this.#checkOpen();
    const lacks = await Promise.all(specs.map((spec) => this.#lackOf(spec, options)));
    const missing = lacks.filter((lack) => lack !== undefined);
    if (missing.length > 0) throw lacking(missing);
  }

  /** Proxies do not tell. Only a topic that is not there has certainly nobody who serves it. */
  async members(
    topic: string,
    _group: string,
    options: Waiting = {},
  ): Promise<readonly Member[] | "unknown"> {
    options.signal?.throwIfAborted();
    if (this.#closing !== undefined) return "unknown";
    try {
      await this.#running.routes.of(topic, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (isAbsent(error)) return [];
    }
    return "unknown";
  }

  storedReplies(
    _callId: string,
    _near: Near | undefined,
    { signal }: Waiting = {},
  ): Promise<readonly StoredReply[]> {
    return signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve([]);
  }

  onState(listener: (state: TransportState, reason: string) => void): void {
    this.#onState = listener;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#release();
  }

  async #release(): Promise<void> {
    await this.#started?.subscriptions.close();
    this.#closed.abort(closed());
    this.#started?.sends.close();
    await this.#replies?.close();
    await this.#started?.connection.close();
  }

  async #reach(connection: Connection): Promise<void> {
    const { signal } = this.#closed;
    const { endpoints } = this.#settings;
    try {
      await connection.ready(signal, Math.min(START_LIMIT_MS * endpoints.length, START_LONGEST_MS));
    } catch (error) {
      const names = endpoints.map(nameOf).join(";");
      const message =
        `Cannot reach a RocketMQ proxy at "${names}": ${connection.reason}; check host and port ` +
        "(8081 by default), that it speaks gRPC, and whether it expects TLS";
      throw notSent("unavailable", message, error);
    }
  }

  async #readReplies({ start, caller, routes, addresses }: Started): Promise<void> {
    const { instance, random, clock } = start;
    const lack = await this.#lackOf({ topic: REPLY_TOPIC, queues: REPLY_QUEUES }, {});
    if (lack !== undefined) throw lacking([lack]);
    const { connection } = caller;
    const { credentials, namespace } = this.#settings;
    this.#replies = new Replies({
      connection,
      clock,
      random,
      namespace,
      instance,
      identity: new Identity(clientIdOf(instance, REPLY_TOPIC), credentials, namespace),
      brokers: async () => (await routes.of(REPLY_TOPIC)).route.brokers,
      hello: (header) => {
        const headers = new Map([[header, "1"]]);
        return this.sendTo(addresses.direct, { tag: "", keys: [], headers, body: Uint8Array.of(1) });
      },
      listener: (message) => this.#listener(message),
    });
    await this.#replies.start();
  }

  async #known(topic: string, options: LookupOptions): Promise<KnownTopic> {
    try {
      return await this.#running.routes.of(topic, options);
    } catch (error) {
      throw toNotSent(error);
    }
  }

  async #lackOf(spec: TopicSpec, { signal }: Waiting): Promise<Lack | undefined> {
    let route: Route | undefined;
    try {
      ({ route } = await this.#running.routes.of(spec.topic, { signal, fresh: true }));
    } catch (error) {
      if (!isAbsent(error)) throw toNotSent(error);
    }
    if (spec.ordered && route?.types.length === 0) throw untold(spec.topic);
    return lackOf(spec, route, this.#settings.namespace);
  }

  get #running(): Started {
    if (this.#started === undefined) throw new TypeError("Cannot use a transport before it has started");
    return this.#started;
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw closed();
  }

  #changed(state: "connected" | "lost", endpoint: string, reason: string): void {
    if (state === "connected") {
      log.info(EVENTS.transport.reconnected, { address: endpoint });
      return this.#onState("connected", `Connected to ${endpoint}`);
    }
    log.warn(EVENTS.transport.lost, { address: endpoint, error: reason });
    this.#onState("degraded", `The connection to ${endpoint} is lost: ${reason}`);
  }
}

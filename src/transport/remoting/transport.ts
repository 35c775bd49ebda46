import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { RocketMqClient } from "../../rocketmq/client/client.ts";
import { consumerIds } from "../../rocketmq/client/members.ts";
import { checkNamespace, withoutNamespace } from "../../rocketmq/client/namespace.ts";
import { PropertyName } from "../../rocketmq/client/property_names.ts";
import type { ConnectionEvent } from "../../rocketmq/client/peer.ts";
import { masterAddress, PERM_READ } from "../../rocketmq/client/route.ts";
import { sendMessage } from "../../rocketmq/client/send.ts";
import { RequestCode, ResponseCode } from "../../rocketmq/remote/codes.ts";
import type { Command, RequestReply } from "../../rocketmq/remote/command.ts";
import type {
  Addresses,
  Capabilities,
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
import { closed } from "../closed.ts";
import { checkDelay } from "../delay.ts";
import { Consumer } from "./consumer.ts";
import { PLAN_NAMESPACE } from "./declared_plan.ts";
import { masterOf, noMaster } from "./declared_queues.ts";
import { CALLER_GROUP, DEFAULT_REPLIES, MAX_REMOTING_BODY_BYTES, REQUEST_TIMEOUT_MS } from "./defaults.ts";
import { isRefusal, toNotSent, toSendError, unreachable, unusable } from "./errors.ts";
import { checkGroupAccess } from "./group_access.ts";
import { Masters } from "./masters.ts";
import { requestProperties, toProperties } from "./messages.ts";
import { callerClientId, consumerClientId, OUR_MARKER } from "./names.ts";
import type { RemotingOptions } from "./options.ts";
import { receivePushed } from "./replies.ts";
import { ReplySide } from "./reply_side.ts";
import { Registration } from "./registration.ts";
import { Sends } from "./sends.ts";
import { TopicQueues } from "./topic_queues.ts";
import { ensureTopics, withSideGroups } from "./topics.ts";

/** What exists once the transport has started. */
interface Started {
  readonly start: TransportStart;
  /** Sends, and is found by replies. */
  readonly caller: RocketMqClient;
  readonly registration: Registration;
  readonly masters: Masters;
  readonly queues: TopicQueues;
  readonly sends: Sends;
  readonly replies: ReplySide;
  /** Pulls, marks, and replies to what it pulled. */
  readonly consuming: RocketMqClient;
  readonly consumer: Consumer;
}

const log = logger("transport");

/** What RocketMQ can do, whatever its version. */
const CAPABILITIES: Capabilities = {
  ownership: "offset",
  ownedPartitions: true,
  orderedKeys: true,
  delayMs: false,
  durable: true,
  storedReplies: true,
  presence: true,
  maxBodyBytes: MAX_REMOTING_BODY_BYTES,
};

/**
 * RocketMQ's own remoting protocol, by its name servers and brokers. Where the name servers know several clusters, an
 * instance is reached past all queues through those that it has used.
 */
export class RemotingTransport implements Transport {
  readonly #options: RemotingOptions;
  #capabilities = CAPABILITIES;
  #started: Started | undefined;
  #listener: (message: DirectMessage) => void = () => {};
  #onMissed: () => void = () => {};
  #onState: (state: TransportState, reason: string) => void = () => {};
  #closing: Promise<void> | undefined;

  /**
   * Connects to nobody yet.
   *
   * @throws {TypeError} when the namespace is malformed, or there is no such way for replies
   */
  constructor(options: RemotingOptions) {
    const { namespace, replies } = options;
    if (namespace !== undefined) checkNamespace(namespace);
    if (replies !== undefined && replies !== "push" && replies !== "topic") {
      throw new TypeError(
        `Cannot use 'replies': it must be "push" or "topic": current value is ${JSON.stringify(replies)}`,
      );
    }
    this.#options = options;
  }

  /** What of it depends on the brokers: holding messages back, which those of 4.x cannot, and keeping replies. */
  get capabilities(): Capabilities {
    const delayMs = this.#started?.masters.delayMs ?? false;
    const storedReplies = this.#started?.replies.storedReplies ?? true;
    const known = this.#capabilities;
    if (known.delayMs !== delayMs || known.storedReplies !== storedReplies) {
      this.#capabilities = { ...known, delayMs, storedReplies };
    }
    return this.#capabilities;
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#started?.replies.counts ?? {};
  }

  get addresses(): Addresses {
    return this.#running.replies.addresses;
  }

  async start(start: TransportStart): Promise<void> {
    if (this.#started !== undefined) {
      throw new TypeError("Cannot start a transport twice: make one for each system");
    }
    const { nameServers, namespace, credentials, tls, replies: strategy = DEFAULT_REPLIES } = this.#options;
    const { clock, random, instance } = start;
    const shared = { nameServers, namespace, clock, random, credentials, tls };
    const caller = new RocketMqClient({
      ...shared,
      clientId: callerClientId(instance),
      onRequest: (_, command) => this.#pushed(command),
    });
    const consuming = new RocketMqClient({
      ...shared,
      clientId: consumerClientId(instance),
      // Replies, the marks of the calls that they answer, and the next pull in one write.
      writes: "last",
      onRequest: (_, command) => this.#notified(command),
    });
    const registration = new Registration(caller, clock, {
      producerGroup: CALLER_GROUP,
      consumerGroups: () => [],
      renewed: () => strategy === "push" && this.#onMissed(),
    });
    const masters = new Masters(caller, registration);
    const replies = new ReplySide({
      strategy,
      client: caller,
      consuming,
      clock,
      random,
      instance,
      clusters: () => masters.clusters,
      listener: (message) => this.#listener(message),
    });
    const consumer = new Consumer(consuming, start);
    this.#started = {
      start,
      caller,
      registration,
      masters,
      queues: new TopicQueues(caller, masters, replies),
      sends: new Sends(caller),
      replies,
      consuming,
      consumer,
    };
    caller.onConnection((event) => this.#connection(event));
    try {
      // Any answer will do, a refusal too: it shows that the address is a name server's.
      const fields = { namespace: PLAN_NAMESPACE, key: "PROBE" };
      await caller.nameServers.request({ code: RequestCode.GET_KV_CONFIG, fields });
    } catch (error) {
      await this.close();
      throw unreachable(nameServers, error);
    }
    await masters.meetOnlyCluster();
    try {
      await replies.start();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async queues(topic: string, options: LookupOptions = {}): Promise<readonly QueueRef[]> {
    try {
      return await this.#running.queues.writable(topic, options);
    } catch (error) {
      throw toNotSent(error);
    }
  }

  async plan(topic: string, options: LookupOptions = {}): Promise<QueuePlan> {
    try {
      return await this.#running.queues.plan(topic, options);
    } catch (error) {
      throw toNotSent(error);
    }
  }

  async send(message: Message, { queue, delayMs, signal }: SendOptions): Promise<SendReceipt> {
    const { caller, masters, queues, sends } = this.#running;
    const { topic, body, plain } = message;
    let address = "";
    try {
      const properties = toProperties(message);
      if (plain !== undefined) properties.push(...requestProperties(plain, caller.clientId));
      address = masterOf(queue, await caller.route(topic, { signal }));
      const heldBackMs = delayMs === undefined || delayMs === 0
        ? 0
        : checkDelay(delayMs, await masters.delayMsOf(address, { signal }));
      if (heldBackMs > 0) properties.push([PropertyName.TIMER_DELAY_MS, String(heldBackMs)]);
      const { broker: brokerName, id: queueId } = queue;
      const outgoing = { brokerName, topic, queueId, properties, body, producerGroup: CALLER_GROUP };
      // Brokers neither delay what travels with others, nor tell a plain responder what it needs of it.
      const alone = signal !== undefined || heldBackMs > 0 || plain !== undefined;
      const sent = alone
        ? await sendMessage(caller, address, outgoing, { timeoutMs: REQUEST_TIMEOUT_MS, signal })
        : await sends.send(address, outgoing);
      queues.worked(address);
      const offset = heldBackMs > 0 ? undefined : sent.queueOffset;
      return { messageId: sent.messageId, queue: { ...queue, id: sent.queueId }, offset };
    } catch (error) {
      if (address !== "") queues.failed(address, topic, error);
      throw toSendError(error, signal);
    }
  }

  async sendTo(
    address: string,
    message: Omit<Message, "topic">,
    options: SendToOptions = {},
  ): Promise<void> {
    const { replies } = this.#running;
    try {
      await replies.send(address, message, options);
    } catch (error) {
      throw toSendError(error, options.signal);
    }
  }

  onDirect(listener: (message: DirectMessage) => void): void {
    this.#listener = listener;
  }

  async subscribe(
    { topic, group }: { readonly topic: string; readonly group: string },
    sink: Sink,
    options: Waiting = {},
  ): Promise<Subscription> {
    const { caller, masters, replies, consumer } = this.#running;
    if (this.#closing !== undefined) throw closed();
    try {
      const route = await caller.route(topic, options);
      if (route.queues.every(({ perm }) => (perm & PERM_READ) === 0)) throw unusable(topic, "read", false);
      await masters.tryToMeetFor(route, options);
      await replies.meet(options);
      await checkGroupAccess(caller, route, group, options);
      // What closed meanwhile has left its groups already.
      if (this.#closing !== undefined) throw closed();
      return await consumer.subscribe(topic, group, sink, options);
    } catch (error) {
      throw toNotSent(error);
    }
  }

  async ensureTopics(specs: readonly TopicSpec[], { signal }: Waiting = {}): Promise<void> {
    const { caller: client, queues: { plans }, start: { clock } } = this.#running;
    try {
      await ensureTopics(specs.map(withSideGroups), { client, clock, signal });
      await Promise.all(specs.map(async ({ topic, slots }) => {
        if (slots !== undefined) await plans.declare(topic, slots, { signal });
      }));
    } catch (error) {
      throw toNotSent(error);
    }
  }

  async members(
    topic: string,
    group: string,
    { signal }: Waiting = {},
  ): Promise<readonly Member[] | "unknown"> {
    const { caller } = this.#running;
    try {
      const route = await caller.route(topic, { signal });
      const lists = await Promise.all([...route.brokers.keys()].map((brokerName) => {
        const address = masterAddress(route, brokerName);
        if (address === undefined) throw noMaster(brokerName);
        return consumerIds(caller, address, { group, brokerName }, { timeoutMs: REQUEST_TIMEOUT_MS, signal });
      }));
      const ids = new Set(lists.flat());
      return [...ids].map((clientId) => ({ clientId, ours: clientId.startsWith(OUR_MARKER) }));
    } catch (error) {
      signal?.throwIfAborted();
      // A contract that was never served has no topic yet.
      return isRefusal(error, ResponseCode.TOPIC_NOT_EXIST) ? [] : "unknown";
    }
  }

  async storedReplies(
    callId: string,
    near: Near | undefined,
    options: Waiting = {},
  ): Promise<readonly StoredReply[]> {
    try {
      return await this.#running.replies.stored(callId, near, options);
    } catch (error) {
      throw toNotSent(error);
    }
  }

  onMissed(listener: () => void): void {
    this.#onMissed = listener;
  }

  onState(listener: (state: TransportState, reason: string) => void): void {
    this.#onState = listener;
  }

  close(): Promise<void> {
    return this.#closing ??= this.#release();
  }

  async #release(): Promise<void> {
    if (this.#started === undefined) return;
    const { caller, registration, replies, consuming, consumer } = this.#started;
    await consumer.close();
    await replies.close();
    await registration.close();
    await Promise.all([caller.close(), consuming.close()]);
  }

  get #running(): Started {
    if (this.#started === undefined) throw new TypeError("Cannot use a transport before it has started");
    return this.#started;
  }

  #pushed(command: Command): RequestReply | undefined {
    if (command.code !== RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT) return undefined;
    receivePushed(command, this.#listener);
    return { code: ResponseCode.SUCCESS };
  }

  #notified(command: Command): RequestReply | undefined {
    if (command.code !== RequestCode.NOTIFY_CONSUMER_IDS_CHANGED) return undefined;
    const group = withoutNamespace(this.#options.namespace, command.fields["consumerGroup"] ?? "");
    this.#started?.consumer.membersChanged(group);
    return { code: ResponseCode.SUCCESS };
  }

  #connection({ address, state, error }: ConnectionEvent): void {
    if (state === "connected") {
      this.#started?.registration.connected(address);
      this.#started?.replies.connected();
      this.#onState("connected", `Connected to ${address}`);
      return;
    }
    if (error === undefined) return;
    log.warn(EVENTS.transport.lost, { address, error });
    this.#onState("degraded", `The connection to ${address} is lost: ${error.message}`);
  }
}

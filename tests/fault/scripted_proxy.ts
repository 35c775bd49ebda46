import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { GrpcStatus, Server, ServerCredentials } from "../../src/deps/grpc.ts";
import {
  AckMessageResponse,
  AckMessageResultEntry,
  Broker,
  ChangeInvisibleDurationResponse,
  Digest,
  DigestType,
  HeartbeatResponse,
  MessageQueue,
  MessageType,
  MessagingServiceService,
  NotifyClientTerminationResponse,
  Permission,
  type ProtoMessage,
  type ProtoSettings,
  type ProtoTelemetryCommand,
  QueryRouteResponse,
  ReceiveMessageResponse,
  Resource,
  SendMessageResponse,
  SendResultEntry,
  Settings,
  Status,
  Subscription,
  TelemetryCommand,
} from "../../src/deps/rocketmq_proto.ts";
import { timestamp } from "../../src/transport/grpc/client/protocol.ts";

const OK = 20_000;
const MESSAGE_NOT_FOUND = 40_401;

/** What a request says of its sender. */
interface Call<Request> {
  readonly request: Request;
  readonly metadata: { get(name: string): unknown[] };
}

/** A call whose answers are a stream. */
interface StreamCall<Request> extends Call<Request> {
  write(response: unknown): void;
  end(): void;
  destroy(error?: Error): void;
  readonly cancelled: boolean;
  on(event: string, listener: (value: never) => void): void;
  emit(event: string, value: unknown): void;
}

type Callback = (error: { code: number; details: string } | null, response?: unknown) => void;

interface Poll {
  readonly tag: string;
  readonly room: number;
  take(messages: readonly ProtoMessage[]): void;
}

/** What a proxy shows, and whose clients' certificates it asks for. */
export interface ProxyTls {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** What a proxy is told to do otherwise. Each is asked every time. */
export interface ProxyScript {
  /** RocketMQ's code for a request of that kind; `undefined`: as a healthy one would. */
  code?(kind: string, request: unknown): number | undefined;
  /** A request of that kind is not answered at all. */
  silent?(kind: string): boolean;
  /** A receive that finds nothing ends at once. */
  hasty?: boolean;
  /** Receives that are held do not notice what arrives, as brokers do while they begin to hold one. */
  deaf?: boolean;
  /** What topics are made for. */
  types?(topic: string): readonly number[];
  /** The brokers that have every topic. Default: one. */
  brokers?: readonly string[];
  /** Whether groups keep the order of message groups. */
  fifo?: boolean;
  /** It does not know what groups say: what clients say of them counts. */
  untold?: boolean;
}

/**
 * A proxy in this process that knows every topic and keeps messages until one receive has taken them, for what a healthy
 * one will not do. Each message is delivered once, to one group.
 */
export class ScriptedProxy implements AsyncDisposable {
  /** What was asked of it, in order: the kinds of request. */
  readonly asked: string[] = [];
  /** The tags of each send. */
  readonly sends: string[][] = [];
  /** The receipts of each acknowledgement. */
  readonly acks: string[][] = [];
  /** For how long messages were given back, in milliseconds. */
  readonly givenBack: number[] = [];
  /** Topics and brokers that were received from. */
  readonly receivedFrom = new Set<string>();
  /** What clients said of themselves. */
  readonly settings: ProtoSettings[] = [];
  /** Metadata of the last request. */
  metadata: Readonly<Record<string, string>> = {};
  script: ProxyScript = {};
  readonly #messages = new Map<string, ProtoMessage[]>();
  readonly #polls = new Map<string, Set<Poll>>();
  readonly #streams = new Set<StreamCall<unknown>>();
  #server: InstanceType<typeof Server> | undefined;
  #port = 0;
  #offset = 0;

  /** Certificates in PEM. Default: it speaks plain text. */
  #tls: ProxyTls | undefined;

  static async start(script: ProxyScript = {}, tls?: ProxyTls): Promise<ScriptedProxy> {
    const proxy = new ScriptedProxy();
    proxy.script = script;
    proxy.#tls = tls;
    await proxy.listen();
    return proxy;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Listens, again where it was stopped. */
  async listen(): Promise<void> {
    const server = new Server();
    server.addService(MessagingServiceService, this.#handlers());
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    server.bindAsync(
      this.endpoint,
      this.#credentials(),
      (error, port) => error ? reject(error) : resolve(port),
    );
    this.#port = await promise;
    this.#server = server;
  }

  #credentials(): ReturnType<typeof ServerCredentials.createInsecure> {
    if (this.#tls === undefined) return ServerCredentials.createInsecure();
    const { ca, certificate, key } = this.#tls;
    const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(certificate) };
    return ServerCredentials.createSsl(Buffer.from(ca), [pair], true);
  }

  /** Dies: every connection breaks. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
    this.#streams.clear();
    this.#polls.clear();
  }

  /** Ends every telemetry stream, with a gRPC status. */
  endTelemetry(): void {
    for (const stream of this.#streams) {
      stream.emit("error", { code: GrpcStatus.UNAVAILABLE, details: "as if it stopped" });
    }
    this.#streams.clear();
  }

  /** How many receives of a topic it holds. */
  held(topic: string): number {
    return this.#polls.get(topic)?.size ?? 0;
  }

  /** How often it was asked for something. */
  count(kind: string): number {
    return this.asked.filter((one) => one === kind).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    // Its sockets close in turns of their own.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  // deno-lint-ignore no-explicit-any -- gRPC's own type for handlers of any service
  #handlers(): Record<string, (...values: any[]) => void> {
    const unary = <Request>(kind: string, answer: (request: Request, code: number) => unknown) =>
    (
      call: Call<Request>,
      callback: Callback,
    ) => {
      const code = this.#enter(kind, call);
      if (code !== undefined) callback(null, answer(call.request, code));
    };
    return {
      queryRoute: unary(
        "route",
        (request: { getTopic(): { getName(): string } }, code) =>
          new QueryRouteResponse().setStatus(status(code)).setMessageQueuesList(
            code === OK ? this.#queues(request.getTopic().getName()) : [],
          ),
      ),
      heartbeat: unary("heartbeat", (_, code) => new HeartbeatResponse().setStatus(status(code))),
      notifyClientTermination: unary(
        "farewell",
        (_, code) => new NotifyClientTerminationResponse().setStatus(status(code)),
      ),
      sendMessage: unary(
        "send",
        (request: { getMessagesList(): ProtoMessage[] }, code) => this.#send(request.getMessagesList(), code),
      ),
      ackMessage: unary(
        "ack",
        (request: { getEntriesList(): Entry[] }, code) => this.#ack(request.getEntriesList(), code),
      ),
      changeInvisibleDuration: unary("give back", (request: { getInvisibleDuration(): Span }, code) => {
        const span = request.getInvisibleDuration();
        this.givenBack.push(span.getSeconds() * 1_000 + span.getNanos() / 1e6);
        return new ChangeInvisibleDurationResponse().setStatus(status(code));
      }),
      receiveMessage: (call: StreamCall<Receive>) => this.#receive(call),
      telemetry: (call: StreamCall<unknown>) => this.#telemetry(call),
    };
  }

  /** @returns the code to answer with; `undefined`: nothing */
  #enter(kind: string, { request, metadata }: Call<unknown>): number | undefined {
    this.asked.push(kind);
    this.metadata = Object.fromEntries(
      ["authorization", "x-mq-client-id", "x-mq-date-time", "x-mq-namespace", "x-mq-session-token"]
        .map((name) => [name, String(metadata.get(name)[0] ?? "")]),
    );
    if (this.script.silent?.(kind)) return undefined;
    return this.script.code?.(kind, request) ?? OK;
  }

  #queues(topic: string): InstanceType<typeof MessageQueue>[] {
    const types = this.script.types?.(topic) ?? [MessageType.NORMAL];
    return (this.script.brokers ?? ["broker-a"]).flatMap((broker) =>
      [0, 1].map((id) =>
        new MessageQueue()
          .setTopic(new Resource().setName(topic))
          .setId(id)
          .setPermission(Permission.READ_WRITE)
          .setBroker(new Broker().setName(broker))
          .setAcceptMessageTypesList([...types])
      )
    );
  }

  #send(messages: readonly ProtoMessage[], code: number): InstanceType<typeof SendMessageResponse> {
    this.sends.push(messages.map((message) => message.getSystemProperties()?.getTag() ?? ""));
    if (code !== OK) return new SendMessageResponse().setStatus(status(code));
    const entry = new SendResultEntry().setStatus(status(OK)).setOffset(this.#offset);
    for (const message of messages) this.#store(message);
    return new SendMessageResponse().setStatus(status(OK)).setEntriesList([entry]);
  }

  #store(message: ProtoMessage): void {
    const topic = message.getTopic()?.getName() ?? "";
    const checksum = createHash("md5").update(message.getBody_asU8()).digest("hex").toUpperCase();
    const system = message.getSystemProperties();
    system?.setStoreTimestamp(timestamp(Date.now()));
    system?.setQueueOffset(this.#offset++)
      .setDeliveryAttempt(1)
      .setReceiptHandle(`handle-${this.#offset}`)
      .setBodyDigest(new Digest().setType(DigestType.MD5).setChecksum(checksum));
    const waiting = this.#messages.get(topic) ?? [];
    this.#messages.set(topic, waiting);
    waiting.push(message);
    if (this.script.deaf) return;
    for (const poll of this.#polls.get(topic) ?? []) if (this.#deliver(topic, poll)) break;
  }

  #deliver(topic: string, poll: Poll): boolean {
    const waiting = this.#messages.get(topic) ?? [];
    const fits = (message: ProtoMessage) =>
      poll.tag === "*" || message.getSystemProperties()?.getTag() === poll.tag;
    const taken = waiting.filter(fits).slice(0, poll.room);
    if (taken.length === 0) return false;
    this.#messages.set(topic, waiting.filter((message) => !taken.includes(message)));
    this.#polls.get(topic)?.delete(poll);
    poll.take(taken);
    return true;
  }

  #ack(entries: readonly Entry[], code: number): InstanceType<typeof AckMessageResponse> {
    this.acks.push(entries.map((entry) => entry.getReceiptHandle()));
    const results = entries.map((entry) =>
      new AckMessageResultEntry().setReceiptHandle(entry.getReceiptHandle()).setStatus(status(code))
    );
    return new AckMessageResponse().setStatus(status(code)).setEntriesList(results);
  }

  #receive(call: StreamCall<Receive>): void {
    const code = this.#enter("receive", call);
    if (code === undefined) return;
    const end = (with_: number) => {
      call.write(new ReceiveMessageResponse().setStatus(status(with_)));
      call.end();
    };
    if (code !== OK) return end(code);
    const { request } = call;
    const topic = request.getMessageQueue().getTopic().getName();
    this.receivedFrom.add(`${topic} ${request.getMessageQueue().getBroker().getName()}`);
    const poll: Poll = {
      tag: request.getFilterExpression().getExpression(),
      room: request.getBatchSize(),
      take: (messages) => {
        clearTimeout(timer);
        call.write(new ReceiveMessageResponse().setStatus(status(OK)));
        for (const message of messages) call.write(new ReceiveMessageResponse().setMessage(message));
        call.end();
      },
    };
    const polls = this.#polls.get(topic) ?? new Set();
    this.#polls.set(topic, polls);
    const timeoutMs = this.script.hasty ? 0 : request.getLongPollingTimeout().getSeconds() * 1_000 +
      request.getLongPollingTimeout().getNanos() / 1e6;
    const timer = setTimeout(() => {
      polls.delete(poll);
      end(MESSAGE_NOT_FOUND);
    }, timeoutMs);
    call.on("cancelled", () => {
      clearTimeout(timer);
      polls.delete(poll);
    });
    if (!this.#deliver(topic, poll)) polls.add(poll);
  }

  #telemetry(call: StreamCall<unknown>): void {
    const code = this.#enter("telemetry", call);
    this.#streams.add(call);
    call.on("data", (command: ProtoTelemetryCommand) => {
      const own = command.getSettings() ?? new Settings();
      this.settings.push(own);
      if (code === undefined) return;
      this.asked.push("settings");
      const known = new Settings().setSubscription(new Subscription().setFifo(this.script.fifo ?? false));
      const settings = this.script.untold ? own : known;
      call.write(new TelemetryCommand().setStatus(status(code)).setSettings(settings));
    });
    call.on("end", () => call.end());
    call.on("cancelled", () => this.#streams.delete(call));
  }
}

interface Entry {
  getReceiptHandle(): string;
}

interface Span {
  getSeconds(): number;
  getNanos(): number;
}

interface Receive {
  getMessageQueue(): { getTopic(): { getName(): string }; getBroker(): { getName(): string } };
  getFilterExpression(): { getExpression(): string };
  getBatchSize(): number;
  getLongPollingTimeout(): Span;
}

function status(code: number): InstanceType<typeof Status> {
  // Any number that the protocol knows.
  return new Status().setCode(code as never).setMessage(`scripted ${code}`);
}

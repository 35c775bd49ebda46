import { RpcError } from "../src/errors/rpc_error.ts";
import { HEADER } from "../src/envelope/headers.ts";
import type {
  Addresses,
  Capabilities,
  Delivery,
  DirectMessage,
  LookupOptions,
  Member,
  Message,
  Near,
  Partition,
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
} from "../src/transport/transport.ts";
import { untilAborted } from "../src/transport/until_aborted.ts";
import type { OperationFault } from "./fault_plan.ts";
import type { Operation, Step } from "./faults.ts";

/** The process that a transport is part of, and the network around it. */
export interface Host {
  /** What strikes its next operation of that kind. */
  faults(on: Operation): readonly OperationFault[];
  /** For how long the queue of this delivery stands still, in milliseconds. */
  stall(): number;
  /** What it sees of a group instead of the truth. */
  members(): "nobody" | "unknown" | "strangers" | undefined;
  /** How long the next leg takes, in milliseconds. */
  latencyMs(): number;
  /** How long the next settlement takes to be on record, in milliseconds. */
  settleMs(): number;
  /** Resolves after a time of the world, whatever becomes of the process. */
  pass(ms: number): Promise<void>;
  /** Calls back when the process is awake; never when it is dead. */
  whenAwake(callback: () => void): void;
  /** The same promise as the process learns of it: while it is awake, and never when it is dead. */
  learn<T>(promise: Promise<T>): Promise<T>;
  /** A call has come that far; `true` when the process has died of it. */
  reached(step: Step): boolean;
  /** A queue was given to it. */
  assigned(): void;
  /** It gave a queue back, or learned that it had lost one: writes down which. */
  lost(text: string): void;
  /** Writes down what happens. */
  note(text: string): void;
}

/** One partition, and what is on its way from its queue to the process. */
interface Line {
  readonly partition: Partition;
  readonly coming: Delivery[];
  /** Whether the first of them has set out. */
  moving: boolean;
  /** Until when its queue stands still. */
  readonly settling: Set<() => void>;
}

/** An embedded transport behind a network: everything takes its time, and may go wrong. */
export class SimulatedTransport implements Transport {
  readonly #inner: Transport;
  readonly #host: Host;
  readonly #lines = new Map<Partition, Line>();
  readonly #direct: DirectMessage[] = [];
  #listener: (message: DirectMessage) => void = () => {};
  #directMoving = false;

  constructor(inner: Transport, host: Host) {
    this.#inner = inner;
    this.#host = host;
    inner.onDirect((message) => this.#arrived(message));
  }

  get capabilities(): Capabilities {
    return this.#inner.capabilities;
  }

  get addresses(): Addresses {
    return this.#inner.addresses;
  }

  start(options: TransportStart): Promise<void> {
    return this.#inner.start(options);
  }

  queues(topic: string, options?: LookupOptions): Promise<readonly QueueRef[]> {
    return this.#do("look", options, () => this.#inner.queues(topic, { fresh: options?.fresh }));
  }

  plan(topic: string, options?: LookupOptions): Promise<QueuePlan> {
    return this.#do("look", options, () => this.#inner.plan(topic, { fresh: options?.fresh }));
  }

  send(message: Message, options: SendOptions): Promise<SendReceipt> {
    const { queue, delayMs } = options;
    const send = () => {
      this.#host.note(`stored ${textOf(queue)} ${described(message)}`);
      return this.#inner.send(message, { queue, delayMs });
    };
    return this.#do("send", options, send);
  }

  async sendTo(
    address: string,
    message: Omit<Message, "topic">,
    options: SendToOptions = {},
  ): Promise<void> {
    const kind = message.headers.get(HEADER.kind);
    const send = async () => {
      this.#host.note(`sent to ${address} ${described(message)}`);
      await this.#inner.sendTo(address, message, { near: options.near });
      if (kind !== "cancel" && kind !== "request" && this.#host.reached("replied")) {
        await new Promise(() => {});
      }
    };
    await this.#do("reply", options, send);
  }

  onDirect(listener: (message: DirectMessage) => void): void {
    this.#listener = listener;
  }

  async subscribe(
    topic: { readonly topic: string; readonly group: string },
    sink: Sink,
    options?: Waiting,
  ): Promise<Subscription> {
    await this.#host.learn(this.#host.pass(this.#host.latencyMs()));
    return await this.#host.learn(this.#inner.subscribe(topic, this.#sink(sink), options));
  }

  ensureTopics(specs: readonly TopicSpec[], options?: Waiting): Promise<void> {
    return this.#do("look", options, () => this.#inner.ensureTopics(specs));
  }

  async members(topic: string, group: string, options?: Waiting): Promise<readonly Member[] | "unknown"> {
    const sees = this.#host.members();
    if (sees === "unknown") return "unknown";
    const members = await this.#do("look", options, () => this.#inner.members(topic, group));
    if (sees === "nobody") return [];
    if (sees === "strangers" && members !== "unknown") {
      return [...members, { clientId: "192.0.2.7@4711", ours: false }];
    }
    return members;
  }

  storedReplies(callId: string, near: Near | undefined, options?: Waiting): Promise<readonly StoredReply[]> {
    return this.#do("look", options, () => this.#inner.storedReplies(callId, near));
  }

  onState(listener: (state: TransportState, reason: string) => void): void {
    this.#inner.onState((state, reason) => this.#host.whenAwake(() => listener(state, reason)));
  }

  close(): Promise<void> {
    return this.#host.learn(this.#inner.close());
  }

  #do<T>(on: Operation, options: Waiting | undefined, work: () => Promise<T>): Promise<T> {
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return untilAborted(this.#host.learn(travel(this.#host, on, work)), signal);
  }

  #arrived(message: DirectMessage): void {
    this.#direct.push(message);
    if (!this.#directMoving) void this.#handDirect();
  }

  async #handDirect(): Promise<void> {
    this.#directMoving = true;
    for (let message = this.#direct.shift(); message !== undefined; message = this.#direct.shift()) {
      const arrived = message;
      await this.#host.pass(this.#host.latencyMs());
      this.#host.whenAwake(() => this.#listener(arrived));
    }
    this.#directMoving = false;
  }

  #sink(sink: Sink): Sink {
    const host = this.#host;
    return {
      assigned: (partition) => {
        host.assigned();
        this.#lines.set(partition, { partition, coming: [], moving: false, settling: new Set() });
        host.whenAwake(() => {
          host.note(`assigned ${textOf(partition.queue)}`);
          sink.assigned(partition);
        });
      },
      revoked: (partition) => {
        const line = this.#stop(partition);
        const given = new Promise<void>((resolve) => host.whenAwake(() => resolve(sink.revoked(partition))));
        return given.then(() => {
          host.lost(`given back ${textOf(partition.queue)}`);
          // What is settled is on record before the lock is given back.
          for (const settle of line?.settling ?? []) settle();
        });
      },
      lost: (partition, reason) => {
        this.#stop(partition)?.settling.clear();
        host.whenAwake(() => {
          host.lost(`lost ${textOf(partition.queue)}`);
          sink.lost(partition, reason);
        });
      },
      deliver: (partition, delivery) => {
        const line = this.#lines.get(partition);
        if (line === undefined) return;
        line.coming.push(delivery);
        if (!line.moving) void this.#hand(line, sink);
      },
    };
  }

  /** Nothing more of the partition reaches the process. */
  #stop(partition: Partition): Line | undefined {
    const line = this.#lines.get(partition);
    this.#lines.delete(partition);
    line?.coming.splice(0);
    return line;
  }

  /** Lets what comes from one queue arrive, in its order. */
  async #hand(line: Line, sink: Sink): Promise<void> {
    const host = this.#host;
    line.moving = true;
    while (line.coming.length > 0) {
      await host.pass(host.latencyMs() + host.stall());
      const delivery = line.coming.shift();
      if (delivery === undefined) break;
      host.whenAwake(() => {
        if (!this.#lines.has(line.partition) && !line.partition.held()) return;
        host.note(`received ${textOf(delivery.queue)}@${delivery.offset} starts ${delivery.starts}`);
        if (!host.reached("received")) sink.deliver(line.partition, this.#delivery(delivery, line));
      });
    }
    line.moving = false;
  }

  #delivery(delivery: Delivery, line: Line): Delivery {
    let recorded: Promise<void> | undefined;
    return {
      ...delivery,
      started: () => recorded ??= this.#started(delivery),
      ack: () => this.#ack(delivery, line),
    };
  }

  #started(delivery: Delivery): Promise<void> {
    const host = this.#host;
    const recorded = host.learn(
      delivery.started().then(async () => {
        await host.pass(host.latencyMs());
        host.note(`started ${textOf(delivery.queue)}@${delivery.offset}`);
        if (host.reached("started")) await new Promise(() => {});
      }),
    );
    recorded.catch(() => {});
    return recorded;
  }

  /** The broker learns of it a little later, unless the process is dead by then. */
  #ack(delivery: Delivery, line: Line): void {
    const host = this.#host;
    const settle = () => {
      if (!line.settling.delete(settle)) return;
      host.note(`settled ${textOf(delivery.queue)}@${delivery.offset}`);
      delivery.ack();
      host.reached("settled");
    };
    line.settling.add(settle);
    void host.pass(host.settleMs()).then(() => host.whenAwake(settle));
  }
}

/** What every way out of a process goes through: it takes its time, and faults strike it. */
export async function travel<T>(
  host: Pick<Host, "faults" | "latencyMs" | "pass">,
  on: Operation,
  work: () => Promise<T>,
): Promise<T> {
  let lost = false;
  let againMs: number | undefined;
  let ms = host.latencyMs();
  for (const fault of host.faults(on)) {
    if (fault.kind === "drop") {
      await host.pass(ms);
      throw broken(fault.known ? "not_sent" : "sent_unknown");
    }
    if (fault.kind === "delay") ms += fault.ms;
    lost ||= fault.kind === "lost answer";
    if (fault.kind === "duplicate") againMs = fault.ms;
  }
  await host.pass(ms);
  const answer = await work();
  if (againMs !== undefined) {
    await host.pass(againMs);
    await work();
  }
  await host.pass(host.latencyMs());
  if (lost) throw broken("sent_unknown");
  return answer;
}

function broken(outcome: "not_sent" | "sent_unknown"): RpcError {
  return new RpcError("unavailable", "The connection broke", { outcome });
}

function textOf({ topic, id }: QueueRef): string {
  return `${topic}/${id}`;
}

function described({ tag, keys, headers }: Omit<Message, "topic">): string {
  const kind = headers.get(HEADER.kind) ?? "plain";
  const attempt = headers.get(HEADER.attempt);
  return `${kind} ${tag} ${keys.join(" ")}${attempt === undefined ? "" : ` attempt ${attempt}`}`;
}

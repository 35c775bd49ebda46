import type {
  Addresses,
  Capabilities,
  Delivery,
  DirectMessage,
  LookupOptions,
  Member,
  Message,
  Near,
  QueuePlan,
  QueueRef,
  SendOptions,
  SendReceipt,
  StoredReply,
  Subscription,
  Transport,
} from "../../src/transport/transport.ts";

/** What went to an address. */
export interface SentTo {
  readonly address: string;
  readonly message: Omit<Message, "topic">;
  readonly near: Delivery | undefined;
}

/**
 * A transport that records what it is given and answers as the test says: each `on…` property may be replaced.
 * Without a word it has four queues, stores everything and knows one member of ours.
 */
export class FakeTransport implements Transport {
  capabilities: Capabilities = {
    ownership: "offset",
    ownedPartitions: true,
    orderedKeys: true,
    delayMs: false,
    durable: false,
    storedReplies: true,
    presence: true,
    maxBodyBytes: 3 * 1024 * 1024,
  };
  addresses: Addresses = { reply: "fake:me", direct: "fake:me" };
  readonly sent: {
    readonly message: Message;
    readonly queue: QueueRef;
    readonly delayMs: number | undefined;
  }[] = [];
  readonly sentTo: SentTo[] = [];
  looks = 0;
  listener: (message: DirectMessage) => void = () => {};
  missed: () => void = () => {};

  onQueues: (topic: string) => Promise<readonly QueueRef[]> = (topic) =>
    Promise.resolve([0, 1, 2, 3].map((id) => ({ topic, broker: "a", id })));
  /** The declared plan: by default all queues, under no number. */
  onPlan: (topic: string, fresh: boolean) => Promise<QueuePlan> = async (topic) => {
    return { number: 0, queues: await this.onQueues(topic) };
  };
  onSend: (message: Message, queue: QueueRef) => Promise<void> = () => Promise.resolve();
  onSendTo: (sent: SentTo) => Promise<void> = () => Promise.resolve();
  onMembers: () => Promise<readonly Member[] | "unknown"> = () =>
    Promise.resolve([{ clientId: "rka1-1", ours: true }]);
  onStoredReplies: (callId: string, near: Near | undefined) => Promise<readonly StoredReply[]> = () =>
    Promise.resolve([]);

  start(): Promise<void> {
    return Promise.resolve();
  }
  queues(topic: string): Promise<readonly QueueRef[]> {
    return this.onQueues(topic);
  }
  plan(topic: string, { fresh = false }: LookupOptions = {}): Promise<QueuePlan> {
    return this.onPlan(topic, fresh);
  }
  async send(message: Message, { queue, delayMs }: SendOptions): Promise<SendReceipt> {
    this.sent.push({ message, queue, delayMs });
    await this.onSend(message, queue);
    return { messageId: "m", queue, offset: delayMs === undefined ? this.sent.length - 1 : undefined };
  }
  async sendTo(
    address: string,
    message: Omit<Message, "topic">,
    options: { readonly near?: Delivery | undefined } = {},
  ): Promise<void> {
    const sent = { address, message, near: options.near };
    this.sentTo.push(sent);
    await this.onSendTo(sent);
  }
  onDirect(listener: (message: DirectMessage) => void): void {
    this.listener = listener;
  }
  subscribe(): Promise<Subscription> {
    return Promise.resolve({ close: () => Promise.resolve() });
  }
  ensureTopics(): Promise<void> {
    return Promise.resolve();
  }
  members(): Promise<readonly Member[] | "unknown"> {
    this.looks++;
    return this.onMembers();
  }
  storedReplies(callId: string, near: Near | undefined): Promise<readonly StoredReply[]> {
    return this.onStoredReplies(callId, near);
  }
  onMissed(listener: () => void): void {
    this.missed = listener;
  }
  onState(): void {}
  close(): Promise<void> {
    return Promise.resolve();
  }
}

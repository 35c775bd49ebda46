import assert from "node:assert/strict";
import type {
  Capabilities,
  DirectMessage,
  Message,
  QueueRef,
  SendReceipt,
  Subscription,
  Transport,
} from "rocket-actors";
import { freshName } from "../broker/shared.ts";
import { RecordingSink } from "../helpers/recording_sink.ts";
import { ShiftedClock } from "../helpers/shifted_clock.ts";

/** One broker for one test. */
export interface TransportFixture extends AsyncDisposable {
  /** What a transport declares once it has started. */
  readonly capabilities: Capabilities;
  /** A fresh transport: one more instance on the same broker, not started. */
  transport(): Transport;
  /** A fresh transport that finds nobody to connect to. */
  unreachable(): Transport;
  /** Stores a message whose body nobody can read. */
  storeDamaged(queue: QueueRef): Promise<void>;
  /** Changes the queue plan of a topic, as an operator does: to that number, and the first queues of the broker. */
  declarePlan(topic: string, number: number, queues: number): Promise<void>;
  /** Makes an instance lose the queues that it owns. Not called where partitions are not owned. */
  lose(member: Participant): void;
}

/** A transport to be tested. */
export interface TransportUnderTest {
  /** For the names of the tests. */
  readonly name: string;
  /** Which of the promises that depend on it are tested. */
  readonly ownership: Capabilities["ownership"];
  /**
   * Whether a message goes to the very queue that its sender names, and operators declare how keys are divided among
   * queues. Else something between them chooses.
   */
  readonly choosesQueues: boolean;
  /** How late a message that was held back, or is delivered again, may come. Milliseconds. */
  readonly latenessMs: number;
  /** Makes the broker of one test. */
  open(): Promise<TransportFixture>;
}

/** A test of the suite. */
export type TransportTest = (promise: string, run: (stage: Stage) => Promise<void>) => void;

/** One instance that takes part in a test. */
export interface Participant {
  readonly transport: Transport;
  readonly clock: ShiftedClock;
  readonly instance: number;
  /** What came to its addresses. */
  readonly heard: DirectMessage[];
}

/** A member of the stage's group. */
export interface JoinedSink {
  readonly sink: RecordingSink;
  readonly subscription: Subscription;
}

/** How long a test waits for what must come. */
const PATIENCE_MS = 15_000;

let instances = 0;

/** A broker, a topic of its own, and the instances of one test; all gone when it is disposed. */
export class Stage implements AsyncDisposable {
  readonly under: TransportUnderTest;
  readonly fixture: TransportFixture;
  readonly topic: string;
  readonly group: string;
  readonly #participants: Participant[] = [];

  constructor(under: TransportUnderTest, fixture: TransportFixture) {
    this.under = under;
    this.fixture = fixture;
    this.topic = freshName("Transport").replaceAll(".", "-");
    this.group = `rpc-${this.topic}`;
  }

  /** Starts one more instance. */
  async participant(): Promise<Participant> {
    const transport = this.fixture.transport();
    const clock = new ShiftedClock();
    // Unique among all runs on a broker: the time in milliseconds, and a few thousand each.
    const instance = Date.now() * 4_096 + (instances++ % 4_096);
    const heard: DirectMessage[] = [];
    transport.onDirect((message) => heard.push(message));
    await transport.start({ clock, random: Math.random, instance });
    const participant = { transport, clock, instance, heard };
    this.#participants.push(participant);
    return participant;
  }

  /** Starts an instance that has made the topic, with that many queues, and its group. */
  async maker(queues = 2, ordered = false): Promise<Participant> {
    const maker = await this.participant();
    await maker.transport.ensureTopics([{ topic: this.topic, queues, group: this.group, ordered }]);
    return maker;
  }

  /** Joins the group with a sink. */
  async join({ transport }: Participant, sink = new RecordingSink()): Promise<JoinedSink> {
    const { topic, group } = this;
    return { sink, subscription: await transport.subscribe({ topic, group }, sink) };
  }

  /** One queue of the topic. */
  async queue({ transport }: Participant, id = 0): Promise<QueueRef> {
    const queue = (await transport.queues(this.topic)).find((candidate) => candidate.id === id);
    assert.ok(queue !== undefined);
    return queue;
  }

  /** A message of the topic whose body is a text. */
  message(text: string, changes: Partial<Message> = {}): Message {
    const body = new TextEncoder().encode(text);
    return { topic: this.topic, tag: "run", keys: [], headers: new Map(), body, ...changes };
  }

  /** Sends texts to a queue, one after the other. */
  async send(
    { transport }: Participant,
    queue: QueueRef,
    ...texts: readonly string[]
  ): Promise<SendReceipt[]> {
    const receipts: SendReceipt[] = [];
    for (const text of texts) receipts.push(await transport.send(this.message(text), { queue }));
    return receipts;
  }

  /** Waits until an instance sees that many members; one that cannot tell has to say so. */
  async members({ transport }: Participant, count: number): Promise<void> {
    const look = () => transport.members(this.topic, this.group);
    if (!transport.capabilities.presence) {
      const members = await look();
      return assert.ok(members === "unknown" || (members.length === 0 && count === 0));
    }
    await this.until(async () => {
      const members = await look();
      assert.ok(members !== "unknown");
      assert.ok(members.every(({ ours }) => ours));
      return members.length === count;
    }, `${count} members`);
  }

  /** Waits until what must come about has. */
  async until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!await done()) {
      assert.ok(performance.now() < deadline, `Not within ${PATIENCE_MS} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Waits until a sink has had that many deliveries. */
  async delivered(sink: RecordingSink, count: number): Promise<void> {
    await this.until(() => sink.deliveries.length >= count, `${count} deliveries`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { transport } of this.#participants) await transport.close();
    await this.fixture[Symbol.asyncDispose]();
  }
}

import assert from "node:assert/strict";
import { MemoryBroker } from "../../../../src/transport/embedded/broker.ts";
import { OffsetGroup } from "../../../../src/transport/embedded/offset_group.ts";
import type { EmbeddedBrokerOptions } from "../../../../src/transport/embedded/options.ts";
import { GROUP, messageOf, queueOf, TOPIC } from "../../../helpers/embedded_stage.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { turns, until } from "../../../helpers/settled.ts";
import { TemporaryFile } from "../../../helpers/temporary_file.ts";

const HOUR_MS = 3_600_000;

/** A broker with a file and time that stands still, which ends and begins again. */
class Lives implements Disposable {
  readonly clock = new ManualClock();
  readonly #file = new TemporaryFile();
  readonly #options: EmbeddedBrokerOptions;
  broker: MemoryBroker;

  constructor(options: EmbeddedBrokerOptions = {}) {
    this.#options = options;
    this.broker = this.#begin();
  }

  /** One topic with queues, and its group. */
  async make(queues = 1): Promise<void> {
    await this.broker.ensure([{ topic: TOPIC, queues, group: GROUP }]);
  }

  /** Closes the broker, and begins its next life. */
  again(options: EmbeddedBrokerOptions = {}): MemoryBroker {
    this.broker.close();
    return this.broker = this.#begin(options);
  }

  join(clientId = "a"): RecordingSink {
    const sink = new RecordingSink();
    this.broker.group(GROUP)?.join(clientId, sink);
    return sink;
  }

  async send(queue: number, ...texts: readonly string[]): Promise<void> {
    await Promise.all(texts.map((text) => this.broker.append(messageOf(text), queueOf(queue))));
  }

  texts(topic = TOPIC): readonly string[] {
    return this.broker.messages(topic).map(({ message }) => new TextDecoder().decode(message.body));
  }

  [Symbol.dispose](): void {
    this.broker.close();
    this.#file[Symbol.dispose]();
  }

  #begin(options: EmbeddedBrokerOptions = {}): MemoryBroker {
    return new MemoryBroker({ file: this.#file.path, clock: this.clock, ...this.#options, ...options });
  }
}

Deno.test("restore() gives everything of a message back, at its place", async () => {
  using lives = new Lives();
  await lives.make(2);
  const message = messageOf("Grüße 𝄞", {
    tag: "ü",
    keys: ["k1", "k\ud800"],
    headers: new Map([["a", "1"], ["b", "ü\u0000"]]),
    messageGroup: "g",
    plain: { correlationId: "c", ttlMs: 5, replyTo: "embedded:rka1-1" },
  });
  await lives.send(1, "before");
  const receipt = await lives.broker.append(message, queueOf(1));
  const [, before] = lives.broker.messages(TOPIC);
  const [, after] = lives.again().messages(TOPIC);
  assert.deepEqual(after, before);
  assert.deepEqual([receipt.offset, after?.offset, after?.queue.id], [1, 1, 1]);
  assert.deepEqual(await lives.broker.append(messageOf(), queueOf(1)), {
    messageId: `${TOPIC}/1/2`,
    queue: after?.queue,
    offset: 2,
  });
});

Deno.test("restore() delivers what is not settled, at once and in order, and what was started as suspect", async () => {
  using lives = new Lives();
  await lives.make();
  const first = lives.join();
  await lives.send(0, "settled", "started", "new");
  await turns();
  first.delivery("settled").ack();
  void first.delivery("started").started();
  await lives.broker.journal?.recorded();
  lives.again();
  const second = lives.join("b");
  await turns();
  assert.deepEqual(second.deliveries.map(({ starts }) => starts), [1, 0]);
  assert.deepEqual(second.texts, ["started", "new"]);
  void second.delivery("started").started();
  lives.again();
  const third = lives.join("c");
  await turns();
  assert.deepEqual(third.deliveries.map(({ starts }) => starts), [2, 0]);
  third.delivery("started").ack();
  third.delivery("new").ack();
  lives.again();
  const group = lives.broker.group(GROUP);
  assert.ok(group instanceof OffsetGroup);
  assert.equal(group.unsettled, 0);
  assert.deepEqual(lives.texts(), ["settled", "started", "new"]);
});

Deno.test("restore() counts deliveries where messages are settled by themselves, and forgets none that is settled", async () => {
  using lives = new Lives({ ownership: "perMessage" });
  await lives.make();
  const first = lives.join();
  await lives.send(0, "a", "b", "c");
  await turns();
  first.delivery("b").ack();
  await first.delivery("a").started();
  lives.again();
  const second = lives.join("b");
  await lives.send(0, "d");
  await turns();
  assert.deepEqual(second.texts, ["a", "c", "d"]);
  assert.deepEqual(second.deliveries.map(({ starts }) => starts), [1, 1, 0]);
  assert.deepEqual(lives.texts(), ["a", "b", "c", "d"]);
});

Deno.test("restore() finds dead letters and stored replies again", async () => {
  using lives = new Lives();
  await lives.broker.ensure([{ topic: "%DLQ%x", queues: 1 }]);
  await lives.broker.append(messageOf("letter", { topic: "%DLQ%x" }), queueOf(0, "%DLQ%x"));
  await lives.broker.sendTo("embedded:rka1-gone", messageOf("reply", { keys: ["call"] }));
  await lives.broker.sendTo("embedded:rka1-gone", messageOf("control", { keys: [] }));
  lives.again();
  assert.deepEqual(lives.texts("%DLQ%x"), ["letter"]);
  assert.deepEqual(
    lives.broker.storedReplies("call").map(({ body }) => new TextDecoder().decode(body)),
    ["reply"],
  );
  assert.equal(lives.broker.retention.messages, 2);
});

Deno.test("restore() holds back what was held back for as long as it was to be, over any number of lives", async () => {
  using lives = new Lives();
  await lives.make();
  await lives.broker.append(messageOf("late"), queueOf(0), 10_000);
  await lives.broker.append(messageOf("overdue"), queueOf(0), 1_000);
  await lives.send(0, "now");
  lives.again();
  assert.deepEqual([lives.texts(), lives.broker.retention.messages], [["now"], 3]);
  lives.clock.advance(5_000);
  lives.again();
  lives.clock.advance(20);
  await until(() => lives.texts().length === 2);
  lives.again();
  assert.deepEqual(lives.texts(), ["now", "overdue"]);
  lives.clock.advance(4_900);
  assert.deepEqual(lives.texts(), ["now", "overdue"]);
  lives.clock.advance(200);
  await until(() => lives.texts().length === 3);
  assert.deepEqual(lives.again().messages(TOPIC).map(({ offset }) => offset), [0, 1, 2]);
  assert.deepEqual(lives.texts(), ["now", "overdue", "late"]);
});

Deno.test("restore() keeps plans, slots, queues and groups, and what a later group has not seen", async () => {
  using lives = new Lives();
  await lives.broker.ensure([{ topic: TOPIC, queues: 4, group: GROUP, slots: 2 }]);
  lives.broker.declare(TOPIC, 7, 3);
  const sink = lives.join();
  await lives.send(0, "a", "b");
  await turns();
  for (const delivery of sink.deliveries) delivery.ack();
  await lives.broker.ensure([{ topic: TOPIC, queues: 4, group: "later" }]);
  lives.again();
  assert.deepEqual([lives.broker.plan(TOPIC)?.number, lives.broker.plan(TOPIC)?.queues.length], [7, 3]);
  assert.equal(lives.broker.queues(TOPIC).length, 4);
  assert.throws(() => lives.broker.ensure([{ topic: TOPIC, queues: 4, slots: 3 }]), /slots/);
  const later = new RecordingSink();
  lives.broker.group("later")?.join("b", later);
  const same = lives.join();
  await turns();
  assert.deepEqual([later.texts, same.texts], [["a", "b"], []]);
});

Deno.test("restore() keeps what retention keeps, as long as it does, and gives no offset twice", async () => {
  using lives = new Lives({ retainedMessages: 10 });
  await lives.make();
  const sink = lives.join();
  for (let count = 0; count < 30; count++) {
    await lives.send(0, String(count));
    await turns();
    sink.delivery(String(count)).ack();
  }
  const kept = lives.texts();
  assert.equal(kept.length, 10);
  lives.again();
  assert.deepEqual([lives.texts(), lives.broker.retention.messages], [kept, 10]);
  lives.again({ retainedMessages: 4 });
  assert.deepEqual(lives.texts(), kept.slice(-4));
  lives.again();
  assert.deepEqual(lives.texts(), kept.slice(-4));
  lives.clock.advance(HOUR_MS);
  lives.again();
  assert.deepEqual([lives.texts(), lives.broker.retention.messages], [[], 0]);
  lives.again();
  assert.equal((await lives.broker.append(messageOf(), queueOf(0))).offset, 30);
});

Deno.test("restore() refuses sends while more is unsettled than retention keeps, and loses nothing of it", async () => {
  using lives = new Lives();
  await lives.make();
  await lives.send(0, "a", "b", "c");
  lives.again({ retainedMessages: 2 });
  assert.throws(() => lives.broker.append(messageOf(), queueOf(0)), { code: "resource_exhausted" });
  const sink = lives.join();
  await turns();
  assert.deepEqual(sink.texts, ["a", "b", "c"]);
  for (const delivery of sink.deliveries) delivery.ack();
  assert.equal((await lives.broker.append(messageOf(), queueOf(0))).offset, 3);
  assert.equal(lives.broker.retention.messages, 2);
});

Deno.test("restore() keeps replies and dead letters of a broker that is full of what is not settled", async () => {
  using lives = new Lives({ retainedMessages: 20 });
  await lives.make();
  await lives.send(0, ...Array.from({ length: 20 }, (_, index) => String(index)));
  for (const key of ["first", "second", "third"]) {
    await lives.broker.sendTo("embedded:rka1-gone", messageOf(key, { keys: [key] }));
  }
  const kept = (): readonly number[] =>
    ["first", "second", "third"].map((key) => lives.broker.storedReplies(key).length);
  assert.deepEqual([kept(), lives.broker.retention.messages], [[0, 1, 1], 22]);
  lives.again();
  assert.deepEqual([kept(), lives.broker.retention.messages], [[0, 1, 1], 22]);
});

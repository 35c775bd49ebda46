import assert from "node:assert/strict";
import type { Delivery, Message, Partition, QueueRef, Sink } from "../../../../src/transport/transport.ts";
import { MemoryBroker } from "../../../../src/transport/embedded/broker.ts";
import { RpcError } from "../../../../src/errors/rpc_error.ts";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { assertFails, turns } from "../../../helpers/settled.ts";

const TOPIC = "test-Service";
const GROUP = "rpc-test-Service";

function brokerWith(queues: number): MemoryBroker {
  const broker = new MemoryBroker();
  broker.ensure([{ topic: TOPIC, queues, group: GROUP }]);
  return broker;
}

function message(text = "x", topic = TOPIC): Message {
  return { topic, tag: "run", keys: [text], headers: new Map(), body: new TextEncoder().encode(text) };
}

function queue(id: number, topic = TOPIC): QueueRef {
  return { topic, broker: "embedded", id };
}

/** A member that takes everything it is given; `onRevoked` says how long a hand-over takes. */
class Member implements Sink {
  readonly partitions = new Map<number, Partition>();
  readonly deliveries: Delivery[] = [];
  readonly lostReasons: string[] = [];
  onRevoked: () => Promise<void> = () => Promise.resolve();
  demand = 100;

  get queues(): readonly number[] {
    return [...this.partitions.keys()].sort((a, b) => a - b);
  }
  assigned(partition: Partition): void {
    assert.ok(!this.partitions.has(partition.queue.id));
    this.partitions.set(partition.queue.id, partition);
    partition.demand(this.demand);
  }
  async revoked(partition: Partition): Promise<void> {
    await this.onRevoked();
    this.partitions.delete(partition.queue.id);
  }
  lost(partition: Partition, reason: string): void {
    this.partitions.delete(partition.queue.id);
    this.lostReasons.push(reason);
  }
  deliver(partition: Partition, delivery: Delivery): void {
    assert.equal(this.partitions.get(partition.queue.id), partition);
    this.deliveries.push(delivery);
  }
}

function join(broker: MemoryBroker, clientId: string, member = new Member()): Member {
  const group = broker.group(GROUP);
  assert.ok(group !== undefined);
  group.join({ clientId, sink: member });
  return member;
}

Deno.test("MemoryBroker stores a copy: what the sender does to its message later changes nothing", async () => {
  const broker = brokerWith(1);
  const body = Uint8Array.of(1);
  const headers = new Map([["a", "1"]]);
  const keys = ["k"];
  broker.append({ topic: TOPIC, tag: "run", keys, headers, body }, queue(0), 5);
  body[0] = 9;
  headers.set("a", "9");
  keys[0] = "9";
  const member = join(broker, "a");
  await turns();
  const [delivery] = member.deliveries;
  assert.deepEqual(delivery?.message, {
    topic: TOPIC,
    tag: "run",
    keys: ["k"],
    headers: new Map([["a", "1"]]),
    body: Uint8Array.of(1),
    plain: undefined,
  });
  assert.deepEqual([delivery.storedAtMs, delivery.offset, delivery.starts], [5, 0, 0]);
});

Deno.test("MemoryBroker keeps a reply as a copy, found again by every key and handed to its listener", () => {
  const broker = new MemoryBroker();
  const heard: unknown[] = [];
  broker.listen("there", (reply) => heard.push(reply.body[0]));
  const body = Uint8Array.of(1);
  const plain = { correlationId: "c", ttlMs: 5 };
  broker.reply("there", { tag: "run", keys: ["c1", "c2"], headers: new Map(), body, plain });
  body[0] = 9;
  plain.ttlMs = 9;
  assert.deepEqual(heard, [1]);
  for (const key of ["c1", "c2"]) assert.deepEqual(broker.storedReply(key)?.body, Uint8Array.of(1));
  assert.equal(broker.storedReply("c3"), undefined);
  broker.unlisten("there");
  broker.reply("there", { tag: "run", keys: [], headers: new Map(), body });
  assert.equal(heard.length, 1);
});

Deno.test("MemoryBroker forgets old replies by number and by size", () => {
  const reply = (key: string, bytes: number) => ({
    tag: "run",
    keys: [key],
    headers: new Map<string, string>(),
    body: new Uint8Array(bytes),
  });
  const many = new MemoryBroker();
  for (let index = 0; index < 10_001; index++) many.reply("there", reply(`c${index}`, 1));
  assert.equal(many.storedReply("c0"), undefined);
  assert.ok(many.storedReply("c5000") !== undefined && many.storedReply("c10000") !== undefined);
  const large = new MemoryBroker();
  for (let index = 0; index < 70; index++) large.reply("there", reply(`c${index}`, 1_000_000));
  assert.equal(large.storedReply("c0"), undefined);
  assert.ok(large.storedReply("c69") !== undefined);
});

Deno.test("MemoryBroker delivers in order and no more than was asked for", async () => {
  const broker = brokerWith(1);
  const member = new Member();
  member.demand = 2;
  join(broker, "a", member);
  for (const text of ["1", "2", "3", "4"]) broker.append(message(text), queue(0), 0);
  await turns();
  assert.deepEqual(member.deliveries.map(({ offset }) => offset), [0, 1]);
  member.partitions.get(0)?.demand(1);
  await turns();
  assert.deepEqual(member.deliveries.map(({ offset }) => offset), [0, 1, 2]);
});

Deno.test("MemoryBroker refuses a full queue, and takes messages again once some are settled", async () => {
  const broker = brokerWith(1);
  for (let index = 0; index < 100_000; index++) broker.append(message(), queue(0), 0);
  assert.throws(() => broker.append(message(), queue(0), 0), (error) => {
    assert.ok(error instanceof RpcError);
    assert.deepEqual([error.code, error.outcome], ["resource_exhausted", "not_sent"]);
    return true;
  });
  const member = join(broker, "a");
  await turns();
  member.deliveries[0]?.ack();
  assert.equal(broker.append(message(), queue(0), 0).offset, 100_000);
});

Deno.test("MemoryBroker refuses what it cannot store", () => {
  const broker = brokerWith(1);
  const refusals: readonly [() => void, string][] = [
    [() => broker.append(message("x", "nowhere"), queue(0), 0), "unavailable"],
    [() => broker.append(message(), queue(1), 0), "unavailable"],
    [() => broker.append({ ...message(), body: new Uint8Array() }, queue(0), 0), "invalid_argument"],
  ];
  for (const [refused, code] of refusals) {
    assert.throws(refused, (error) => error instanceof RpcError && error.code === code);
  }
  broker.close();
  assert.throws(() => broker.append(message(), queue(0), 0), { name: "RpcError", code: "unavailable" });
  assert.throws(() => broker.reply("a", message()), { name: "RpcError", code: "unavailable" });
});

Deno.test("MemoryBroker keeps a bounded number of settled messages for whoever looks", async () => {
  const broker = brokerWith(1);
  const member = new Member();
  member.demand = 5_000;
  join(broker, "a", member);
  for (let index = 0; index < 5_000; index++) broker.append(message(String(index)), queue(0), 0);
  await turns();
  assert.equal(broker.messages(TOPIC).length, 5_000, "nothing unsettled is dropped");
  for (const delivery of member.deliveries) delivery.ack();
  const kept = broker.messages(TOPIC);
  assert.ok(kept.length >= 1_000 && kept.length <= 2_000, `${kept.length} kept`);
  assert.equal(kept.at(-1)?.offset, 4_999);
});

Deno.test("MemoryBroker never fills up with what no group consumes, and keeps the newest", () => {
  const broker = new MemoryBroker();
  broker.ensure([{ topic: "dead", queues: 1 }]);
  for (let index = 0; index < 100_100; index++) broker.append(message("x", "dead"), queue(0, "dead"), 0);
  const kept = broker.messages("dead");
  assert.ok(kept.length >= 1_000 && kept.length <= 2_000, `${kept.length} kept`);
  assert.equal(kept.at(-1)?.offset, 100_099);
});

Deno.test("MemoryBroker leaves topics and groups alone that are there", () => {
  const broker = brokerWith(2);
  broker.append(message(), queue(1), 0);
  broker.ensure([{ topic: TOPIC, queues: 8, group: GROUP }]);
  assert.equal(broker.queues(TOPIC).length, 2);
  assert.equal(broker.messages(TOPIC).length, 1);
});

Deno.test("ConsumerGroup divides the queues anew when members come and go", async () => {
  const broker = brokerWith(8);
  const a = join(broker, "a");
  assert.deepEqual(a.queues, [0, 1, 2, 3, 4, 5, 6, 7]);
  const b = join(broker, "b");
  await turns();
  assert.deepEqual([a.queues, b.queues], [[0, 1, 2, 3], [4, 5, 6, 7]]);
  const c = join(broker, "c");
  await turns();
  assert.deepEqual([a.queues, b.queues, c.queues], [[0, 1, 2], [3, 4, 5], [6, 7]]);
  await broker.group(GROUP)?.leave("a");
  assert.deepEqual([a.queues, b.queues, c.queues], [[], [0, 1, 2, 3], [4, 5, 6, 7]]);
});

Deno.test("ConsumerGroup gives a queue to its next owner only once it was drained, with what is settled", async () => {
  const broker = brokerWith(1);
  const draining = createDeferred<void>();
  const b = new Member();
  b.onRevoked = () => draining.promise;
  join(broker, "b", b);
  for (const text of ["1", "2"]) broker.append(message(text), queue(0), 0);
  await turns();
  const a = join(broker, "a");
  await turns();
  assert.deepEqual([a.queues, b.queues], [[], [0]]);
  b.deliveries[0]?.ack();
  draining.resolve();
  await turns();
  assert.deepEqual([a.queues, b.queues], [[0], []]);
  assert.deepEqual(a.deliveries.map(({ offset }) => offset), [1]);
  b.deliveries[1]?.ack();
  assert.equal(broker.group(GROUP)?.state(0)?.commit, 1, "what comes from a past owner is not recorded");
});

Deno.test("ConsumerGroup lets a member go only when queues that were moving already are drained", async () => {
  const broker = brokerWith(1);
  const draining = createDeferred<void>();
  const b = new Member();
  b.onRevoked = () => draining.promise;
  join(broker, "b", b);
  const a = join(broker, "a");
  let gone = false;
  const leaving = broker.group(GROUP)?.leave("b").then(() => gone = true);
  await turns();
  assert.ok(!gone);
  draining.resolve();
  await leaving;
  assert.deepEqual([a.queues, b.queues], [[0], []]);
});

Deno.test("ConsumerGroup drop loses the queues at once and marks as suspect what was started", async () => {
  const broker = brokerWith(1);
  const a = join(broker, "a");
  for (const text of ["1", "2", "3"]) broker.append(message(text), queue(0), 0);
  await turns();
  a.deliveries[0]?.ack();
  await a.deliveries[1]?.started();
  const partition = a.partitions.get(0);
  broker.group(GROUP)?.drop("a", "killed");
  assert.deepEqual(a.lostReasons, ["killed"]);
  assert.equal(partition?.held(), false);
  await assert.rejects(a.deliveries[2]?.started() ?? Promise.resolve(), { name: "RpcError" });
  const b = join(broker, "b");
  await turns();
  assert.deepEqual(b.deliveries.map(({ offset, starts }) => [offset, starts]), [[1, 1], [2, 0]]);
  await b.deliveries[0]?.started();
  broker.group(GROUP)?.drop("b", "killed");
  const c = join(broker, "c");
  await turns();
  assert.deepEqual(c.deliveries.map(({ starts }) => starts), [2, 0]);
});

Deno.test("EmbeddedPartition records a start only once every earlier message has started or is settled", async () => {
  const broker = brokerWith(1);
  const a = join(broker, "a");
  for (const text of ["1", "2", "3"]) broker.append(message(text), queue(0), 0);
  await turns();
  const [first, second, third] = a.deliveries;
  assert.ok(first && second && third);
  let recorded = false;
  const start = third.started();
  assert.equal(third.started(), start, "asking again returns the same promise");
  void start.then(() => recorded = true);
  first.ack();
  await turns();
  assert.ok(!recorded);
  await second.started();
  await start;
  assert.equal(broker.group(GROUP)?.state(0)?.marks[0], 3);
});

Deno.test("EmbeddedPartition refuses a start that waits when the queue is lost", async () => {
  const broker = brokerWith(1);
  const a = join(broker, "a");
  for (const text of ["1", "2"]) broker.append(message(text), queue(0), 0);
  await turns();
  const start = a.deliveries[1]?.started() ?? Promise.resolve();
  broker.group(GROUP)?.drop("a", "killed");
  await assertFails(start, "unavailable", "sent_unknown");
});

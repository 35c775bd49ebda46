import assert from "node:assert/strict";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { MemoryBroker } from "../../../../src/transport/embedded/broker.ts";
import { embedded } from "../../../../src/transport/embedded/mod.ts";
import type { Sink, Transport } from "../../../../src/transport/transport.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { assertFails, turns } from "../../../helpers/settled.ts";
import { TemporaryFile } from "../../../helpers/temporary_file.ts";

const TOPIC = "test-Service";
const GROUP = "rpc-test-Service";

async function started(transport: Transport, instance: number): Promise<Transport> {
  await transport.start({ clock: new ManualClock(), random: () => 0.5, instance });
  return transport;
}

function sinkThatDrains(revoked: () => Promise<void>): Sink {
  return { assigned: () => {}, revoked, lost: () => {}, deliver: () => {} };
}

Deno.test("EmbeddedTransport carries a message from one instance to another", async () => {
  const broker = new MemoryBroker();
  const server = await started(embedded(broker), 1);
  const caller = await started(embedded(broker), 2);
  assert.notEqual(server.addresses.reply, caller.addresses.reply);
  await server.ensureTopics([{ topic: TOPIC, queues: 2, group: GROUP }]);
  const heard: string[] = [];
  caller.onDirect(({ body }) => heard.push(new TextDecoder().decode(body)));
  const body = new TextEncoder().encode("ping");
  const [queue] = await caller.queues(TOPIC);
  assert.ok(queue !== undefined);
  const receipt = await caller.send({ topic: TOPIC, tag: "run", keys: [], headers: new Map(), body }, {
    queue,
  });
  assert.deepEqual([receipt.queue, receipt.offset], [queue, 0]);
  await server.sendTo(caller.addresses.reply, { tag: "run", keys: ["c1"], headers: new Map(), body });
  assert.deepEqual(heard, ["ping"]);
  await Promise.all([server.close(), caller.close()]);
  broker.close();
});

Deno.test("EmbeddedTransport tells what is not there", async () => {
  const transport = await started(embedded(), 1);
  await assertFails(transport.queues("nowhere"), "unavailable", "not_sent");
  await assertFails(
    transport.subscribe({ topic: TOPIC, group: GROUP }, sinkThatDrains(() => Promise.resolve())),
    "unavailable",
    "not_sent",
  );
  assert.deepEqual(await transport.members(TOPIC, GROUP), []);
  await assert.rejects(
    transport.start({ clock: new ManualClock(), random: () => 0, instance: 1 }),
    { name: "TypeError", message: /twice/ },
  );
  await transport.close();
});

Deno.test("EmbeddedTransport close waits for the hand-over, also when asked twice, and refuses from then on", async () => {
  const transport = await started(embedded(), 1);
  await transport.ensureTopics([{ topic: TOPIC, queues: 1, group: GROUP }]);
  const draining = createDeferred<void>();
  const sink = sinkThatDrains(() => draining.promise);
  const subscription = await transport.subscribe({ topic: TOPIC, group: GROUP }, sink);
  assert.deepEqual(await transport.members(TOPIC, GROUP), [{ clientId: "rka1-1", ours: true }]);
  const done: string[] = [];
  const closing = [
    subscription.close().then(() => done.push("left")),
    subscription.close().then(() => done.push("left again")),
    transport.close().then(() => done.push("closed")),
    transport.close().then(() => done.push("closed again")),
  ];
  await turns();
  assert.deepEqual(done, []);
  draining.resolve();
  await Promise.all(closing);
  assert.equal(done.length, 4);
  const message = {
    topic: TOPIC,
    tag: "run",
    keys: [],
    headers: new Map<string, string>(),
    body: Uint8Array.of(1),
  };
  const queue = { topic: TOPIC, broker: "embedded", id: 0 };
  await assertFails(transport.send(message, { queue }), "unavailable", "not_sent");
  await assertFails(transport.sendTo("there", message), "unavailable", "not_sent");
  await assertFails(transport.subscribe({ topic: TOPIC, group: GROUP }, sink), "unavailable", "not_sent");
});

Deno.test("EmbeddedTransport closes the broker that is its own, and no other", async () => {
  const broker = new MemoryBroker();
  const shared = await started(embedded(broker), 1);
  await shared.ensureTopics([{ topic: TOPIC, queues: 1 }]);
  await shared.close();
  assert.equal(broker.queues(TOPIC).length, 1);
  broker.close();
  assert.equal(broker.queues(TOPIC).length, 0);
});

Deno.test("EmbeddedTransport puts its own reply address on a plain request", async () => {
  const broker = new MemoryBroker();
  const transport = await started(embedded(broker), 1);
  await transport.ensureTopics([{ topic: TOPIC, queues: 1 }]);
  const [queue] = await transport.queues(TOPIC);
  assert.ok(queue !== undefined);
  const body = Uint8Array.of(1);
  for (const replyTo of [undefined, "embedded:rka1-elsewhere"]) {
    const plain = { correlationId: "c", ttlMs: 5, replyTo };
    await transport.send({ topic: TOPIC, tag: "", keys: [], headers: new Map(), body, plain }, { queue });
  }
  const stored = broker.messages(TOPIC).map(({ message }) => message.plain?.replyTo);
  assert.deepEqual(stored, [transport.addresses.reply, "embedded:rka1-elsewhere"]);
  broker.close();
});

Deno.test("EmbeddedTransport of a dead instance is told nothing, until it is closed or its signal says so", async () => {
  const broker = new MemoryBroker();
  const transport = await started(embedded(broker), 35);
  await transport.ensureTopics([{ topic: TOPIC, queues: 1, group: GROUP }]);
  const [queue] = await transport.queues(TOPIC);
  assert.ok(queue !== undefined);
  const lost: string[] = [];
  const sink = {
    ...sinkThatDrains(() => assert.fail("nobody drains the dead")),
    lost: () => lost.push("lost"),
  };
  const subscription = await transport.subscribe({ topic: TOPIC, group: GROUP }, sink);
  broker.crash("z");
  const message = { topic: TOPIC, tag: "", keys: [], headers: new Map(), body: Uint8Array.of(1) };
  const settled: string[] = [];
  const asked = [
    transport.send(message, { queue }),
    transport.sendTo(transport.addresses.reply, message),
    transport.queues(TOPIC),
    transport.members(TOPIC, GROUP),
  ].map((answer) => answer.catch((error) => settled.push(error.outcome)));
  const reason = new Error("enough");
  const controller = new AbortController();
  const waiting = transport.queues(TOPIC, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  await turns();
  assert.deepEqual([settled, lost, broker.messages(TOPIC)], [[], [], []]);
  await subscription.close();
  assert.deepEqual(lost, ["lost"]);
  await transport.close();
  await Promise.all(asked);
  assert.deepEqual(settled, ["not_sent", "not_sent", "not_sent", "not_sent"]);
  await assertFails(transport.send(message, { queue }), "unavailable", "not_sent");
  broker.close();
});

Deno.test("EmbeddedTransport starts on no broker that is closed", async () => {
  const broker = new MemoryBroker();
  broker.close();
  await assertFails(started(embedded(broker), 1), "unavailable", "not_sent");
});

Deno.test("embedded() makes a broker of its own by options, with a file too, and closes it with the transport", async () => {
  using file = new TemporaryFile();
  const transport = await started(embedded({ file: file.path }), 1);
  assert.equal(transport.capabilities.durable, true);
  assert.throws(() => embedded({ file: file.path }), /another embedded broker of this process has it open/);
  await transport.close();
  await (await started(embedded({ file: file.path }), 2)).close();
  const inMemory = await started(embedded({ ownership: "perMessage" }), 3);
  assert.deepEqual([inMemory.capabilities.durable, inMemory.capabilities.ownership], [false, "perMessage"]);
  await inMemory.close();
  assert.throws(() => embedded({ retainedMessages: 0 }), RangeError);
  assert.throws(() => embedded({ refused: 0, messages: () => [], crash() {}, close() {} }), {
    name: "TypeError",
    message: "Cannot use the broker: make it with embeddedBroker()",
  });
});

Deno.test("EmbeddedTransport of a dead instance never hears of what was on its way to the file", async () => {
  using file = new TemporaryFile();
  const broker = new MemoryBroker({ file: file.path });
  const transport = await started(embedded(broker), 35);
  await transport.ensureTopics([{ topic: TOPIC, queues: 1, group: GROUP }]);
  const [queue] = await transport.queues(TOPIC);
  assert.ok(queue !== undefined);
  const message = { topic: TOPIC, tag: "run", keys: [], headers: new Map(), body: Uint8Array.of(1) };
  let settled = false;
  const sent = transport.send(message, { queue }).finally(() => settled = true);
  broker.crash("z");
  await broker.journal?.flushed();
  await turns();
  assert.deepEqual([settled, broker.messages(TOPIC).length], [false, 1]);
  await Promise.all([assertFails(sent, "unavailable", "not_sent"), transport.close()]);
  broker.close();
});

import assert from "node:assert/strict";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { MemoryBroker } from "../../../../src/transport/embedded/broker.ts";
import { embedded } from "../../../../src/transport/embedded/mod.ts";
import type { Sink, Transport } from "../../../../src/transport/transport.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { assertFails, turns } from "../../../helpers/settled.ts";

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

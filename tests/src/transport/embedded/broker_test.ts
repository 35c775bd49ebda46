import assert from "node:assert/strict";
import { createClient } from "../../../../actors/client.ts";
import { createSystem } from "../../../../actors/system.ts";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { defineService } from "../../../../src/contract/define.ts";
import { method } from "../../../../src/contract/method.ts";
import { MemoryBroker } from "../../../../src/transport/embedded/broker.ts";
import { REPLY_TOPIC } from "../../../../src/transport/embedded/message_storage.ts";
import { embedded } from "../../../../src/transport/embedded/mod.ts";
import { RpcError } from "../../../../src/errors/rpc_error.ts";
import { atOnce, EmbeddedStage, GROUP, messageOf, queueOf, TOPIC } from "../../../helpers/embedded_stage.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { turns, until } from "../../../helpers/settled.ts";

/** Until the wheel of the broker has come around to what is due. */
const TICKS_MS = 20;

Deno.test("MemoryBroker shares nothing of a message: neither with its sender, nor with receivers, nor with lookers", async () => {
  const stage = new EmbeddedStage(1);
  const message = messageOf("as sent", { headers: new Map([["a", "1"]]) });
  stage.broker.append(message, queueOf(0));
  message.body.fill(0);
  const [looked] = stage.broker.messages(TOPIC);
  assert.equal(new TextDecoder().decode(looked?.message.body), "as sent");
  looked?.message.body.fill(0);
  const sink = stage.join("a");
  await turns();
  sink.delivery("as sent").message.body.fill(0);
  stage.group.lose("a", "forgotten");
  await turns();
  assert.equal(sink.delivery("as sent").offset, 0);
});

Deno.test("MemoryBroker hands out queues that nobody can change", () => {
  const [ref] = new EmbeddedStage(1).broker.queues(TOPIC);
  assert.ok(ref !== undefined);
  assert.throws(() => Object.assign(ref, { id: 7 }), TypeError);
});

Deno.test("MemoryBroker refuses a message while unsettled ones take all the room, over all topics, and counts it", async () => {
  const stage = new EmbeddedStage(1, { retainedMessages: 4 });
  stage.broker.ensure([{ topic: "other", queues: 1, group: "other" }]);
  stage.send(0, "1", "2");
  stage.broker.append(messageOf("3", { topic: "other" }), queueOf(0, "other"));
  stage.broker.append(messageOf("4", { topic: "other" }), queueOf(0, "other"), 60_000);
  assert.throws(() => stage.send(0, "5"), (error) => {
    assert.ok(error instanceof RpcError);
    assert.deepEqual([error.code, error.outcome], ["resource_exhausted", "not_sent"]);
    return true;
  });
  assert.equal(stage.broker.refused, 1);
  const sink = stage.join("a");
  await turns();
  sink.delivery("1").ack();
  assert.equal(stage.send(0, "5")[0]?.offset, 2);
});

Deno.test("MemoryBroker can always store a reply and a dead letter, so that a full broker can be settled", () => {
  const stage = new EmbeddedStage(1, { retainedMessages: 20 });
  stage.broker.ensure([{ topic: "dead", queues: 1 }]);
  for (let count = 0; count < 20; count++) stage.send(0, String(count));
  assert.throws(() => stage.send(0, "one too many"));
  stage.broker.sendTo("embedded:rka1-gone", messageOf("reply", { keys: ["k"] }));
  assert.ok(stage.broker.storedReplies("k").length === 1);
  stage.broker.append(messageOf("letter", { topic: "dead" }), queueOf(0, "dead"));
  assert.equal(stage.broker.messages("dead").length, 1);
});

Deno.test("MemoryBroker keeps bounded memory for a queue through which a million messages go", async () => {
  const broker = new MemoryBroker({ retainedMessages: 1_000 });
  broker.ensure([{ topic: TOPIC, queues: 1, group: GROUP }]);
  let received = 0;
  const sink = {
    assigned: (partition: { demand(messages: number): void }) => partition.demand(Infinity),
    revoked: () => Promise.resolve(),
    lost: () => {},
    deliver: (_: unknown, delivery: { ack(): void }) => {
      received++;
      delivery.ack();
    },
  };
  broker.group(GROUP)?.join("a", sink);
  const message = messageOf("x");
  const queue = queueOf(0);
  const heap: number[] = [];
  for (let count = 0; count < 1_000_000; count++) {
    broker.append(message, queue);
    if (count % 100 === 99) await turns(1);
    if (count % 250_000 === 249_999) heap.push(Deno.memoryUsage().heapUsed);
  }
  await turns();
  assert.equal(received, 1_000_000);
  assert.equal(broker.messages(TOPIC).length, 1_000);
  const [first = 0] = heap;
  assert.ok(Math.max(...heap) - first < 64 * 1024 * 1024, `heap ${heap}`);
  broker.close();
});

Deno.test("MemoryBroker stores a message in its queue when its delay is over, by its own clock, and not before", async () => {
  const stage = new EmbeddedStage(1);
  const sink = stage.join("a");
  const now = stage.clock.now();
  const held = atOnce(stage.broker.append(messageOf("late"), queueOf(0), 1_000));
  assert.equal(held.offset, undefined);
  stage.send(0, "early");
  stage.clock.advance(999);
  await turns();
  assert.deepEqual([sink.texts, stage.broker.messages(TOPIC).length], [["early"], 1]);
  stage.clock.advance(1 + TICKS_MS);
  await turns();
  const late = sink.delivery("late");
  assert.equal(late.offset, 1);
  assert.ok(late.storedAtMs >= now + 1_000);
  stage.broker.append(messageOf("never"), queueOf(0), 1_000);
  stage.broker.close();
  assert.equal(stage.clock.timers, 0);
});

Deno.test("MemoryBroker takes the clock of the first instance that connects", async () => {
  const stage = new EmbeddedStage(1);
  const broker = new MemoryBroker();
  const transport = embedded(broker);
  await transport.start({ clock: stage.clock, random: () => 0, instance: 1 });
  await embedded(broker).start({ clock: new EmbeddedStage(1).clock, random: () => 0, instance: 2 });
  assert.equal(broker.clock, stage.clock);
  broker.close();
});

Deno.test("MemoryBroker hands a message for an address to whoever is there, and keeps it for whoever looks", async () => {
  const { broker, clock } = new EmbeddedStage(1);
  const transport = embedded(broker);
  await transport.start({ clock, random: () => 0, instance: 1 });
  const heard: unknown[] = [];
  transport.onDirect(({ body, plain }) => heard.push([new TextDecoder().decode(body), plain?.correlationId]));
  const plain = { correlationId: "c", ttlMs: 5 };
  broker.sendTo(transport.addresses.direct, messageOf("hello", { plain }));
  broker.sendTo("embedded:rka1-gone", messageOf("nobody"));
  assert.deepEqual(heard, [["hello", "c"]]);
  assert.deepEqual(broker.messages(REPLY_TOPIC).map(({ message }) => message.keys), [["hello"], [
    "nobody",
  ]]);
  transport.onDirect(() => {
    throw new Error("a listener that throws");
  });
  broker.sendTo(transport.addresses.direct, messageOf("again"));
});

Deno.test("MemoryBroker damage() makes one body unreadable", async () => {
  const stage = new EmbeddedStage(1);
  stage.send(0, "1", "2");
  stage.broker.damage(queueOf(0), 1, "bad disk");
  const sink = stage.join("a");
  await turns();
  assert.deepEqual(sink.deliveries.map(({ message }) => message.damaged), [undefined, "bad disk"]);
});

Deno.test("MemoryBroker crash() leaves an instance's locks and marks, takes its address, and ends its membership later", async () => {
  const stage = new EmbeddedStage(1, { takeoverGraceMs: 3_000 });
  const { broker, clock } = stage;
  const dying = embedded(broker);
  await dying.start({ clock, random: () => 0, instance: 35 });
  const sink = new RecordingSink();
  const heard: unknown[] = [];
  dying.onDirect((message) => heard.push(message));
  await dying.subscribe({ topic: TOPIC, group: GROUP }, sink);
  stage.send(0, "1", "2");
  await turns();
  await sink.delivery("1").started();
  broker.crash("z", { noticedAfterMs: 500 });
  sink.delivery("1").ack();
  broker.sendTo(dying.addresses.direct, messageOf("too late"));
  assert.deepEqual([heard, stage.group.members], [[], ["rka1-z"]]);
  assert.throws(() => broker.crash("z"), { name: "TypeError", message: /"z": it is not connected/ });
  clock.advance(500 + TICKS_MS);
  assert.deepEqual(stage.group.members, []);
  const next = stage.join("next");
  clock.advance(3_000 + TICKS_MS);
  await turns();
  assert.deepEqual(next.deliveries.map(({ offset, starts }) => [offset, starts]), [[0, 1], [1, 0]]);
});

Deno.test("MemoryBroker crash() kills a system: another one takes its queues, finds what it had started, and answers", async () => {
  const broker = new MemoryBroker({ takeoverGraceMs: 100 });
  const contract = defineService("test.Crash", { run: method<string, string>({ idempotent: true }) });
  const started = createDeferred<void>();
  const gate = createDeferred<void>();
  const dying = await createSystem({ name: "dying", transport: embedded(broker) });
  await dying.serve(contract, {
    run: async () => {
      started.resolve();
      await gate.promise;
      return "from the dead";
    },
  });
  const caller = await createClient({ transport: embedded(broker) });
  const call = caller.client(contract, { timeoutMs: 20_000 }).run("x");
  await started.promise;
  broker.crash(dying.instance);
  gate.resolve();
  const attempts: number[] = [];
  const heir = await createSystem({ name: "heir", transport: embedded(broker) });
  const service = await heir.serve(contract, {
    run: (_, { attempt }) => {
      attempts.push(attempt);
      return "from the heir";
    },
  });
  assert.equal(await call, "from the heir");
  assert.deepEqual(attempts, [2]);
  await until(() => service.state().queues.length === 16);
  await dying.close();
  await Promise.all([heir.close(), caller.close()]);
  broker.close();
});

Deno.test("MemoryBroker close() takes everything from everybody, and refuses", async () => {
  const stage = new EmbeddedStage(2);
  const { broker, clock } = stage;
  const transport = embedded(broker);
  await transport.start({ clock, random: () => 0, instance: 1 });
  const states: string[] = [];
  transport.onState((state) => states.push(state));
  const sink = stage.join("a");
  broker.close();
  broker.close();
  assert.deepEqual(sink.steps.slice(2), ["lost embedded/0", "lost embedded/1"]);
  assert.deepEqual([states, broker.queues(TOPIC), broker.retention.messages], [["failed"], [], 0]);
  const refusals = [
    () => broker.append(messageOf(), queueOf(0)),
    () => broker.sendTo("embedded:rka1-1", messageOf()),
    () => broker.ensure([{ topic: "new", queues: 1 }]),
  ];
  for (const refused of refusals) {
    assert.throws(refused, { name: "RpcError", code: "unavailable", outcome: "not_sent" });
  }
});

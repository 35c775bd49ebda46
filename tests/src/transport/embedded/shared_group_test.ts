import assert from "node:assert/strict";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { EmbeddedStage, messageOf, queueOf } from "../../../helpers/embedded_stage.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { assertFails, turns } from "../../../helpers/settled.ts";

const INVISIBLE_MS = 30_000;
/** Until the wheel of the broker has come around to what is due. */
const TICKS_MS = 20;

function stageOf(queues = 1): EmbeddedStage {
  return new EmbeddedStage(queues, { ownership: "perMessage", redeliverAfterMs: INVISIBLE_MS });
}

Deno.test("SharedGroup gives every member every queue", async () => {
  const stage = stageOf(2);
  const a = stage.join("a");
  const b = stage.join("b");
  assert.deepEqual([a.queues, b.queues], [[0, 1], [0, 1]]);
  await stage.group.leave("a");
  assert.deepEqual([a.queues, b.queues], [[], [0, 1]]);
  assert.deepEqual(stage.group.members, ["b"]);
});

Deno.test("SharedGroup lets members take turns, as far as they want something", async () => {
  const stage = stageOf();
  const a = stage.join("a");
  const b = stage.join("b", new RecordingSink(1));
  for (const text of ["1", "2", "3", "4", "5"]) {
    stage.send(0, text);
    await turns(1);
  }
  assert.deepEqual([a.texts, b.texts], [["1", "3", "4", "5"], ["2"]]);
  b.partition(queueOf(0)).demand(1);
  stage.send(0, "6");
  await turns(1);
  assert.deepEqual(b.texts, ["2", "6"]);
});

Deno.test("SharedGroup delivers again what was not settled in time, counts it, and takes no late word", async () => {
  const stage = stageOf();
  const a = stage.join("a");
  stage.send(0, "1");
  stage.clock.advance(INVISIBLE_MS / 2);
  await turns();
  stage.send(0, "2");
  await turns();
  const [settledLate, returnedLate] = a.deliveries;
  stage.clock.advance(INVISIBLE_MS - TICKS_MS);
  await turns();
  assert.deepEqual(a.texts, ["1", "2"]);
  stage.clock.advance(2 * TICKS_MS);
  await turns();
  assert.deepEqual(a.texts, ["1", "2", "1", "2"]);
  assert.deepEqual(a.deliveries.map(({ starts }) => starts), [0, 0, 1, 1]);
  settledLate?.ack();
  returnedLate?.retryLater?.(0);
  await turns();
  assert.equal(a.deliveries.length, 4, "nothing was given back");
  stage.clock.advance(INVISIBLE_MS + TICKS_MS);
  await turns();
  assert.deepEqual(a.texts.slice(4), ["1", "2"], "nothing was settled");
  a.delivery("1").ack();
  a.delivery("2").ack();
  stage.clock.advance(2 * INVISIBLE_MS);
  await turns();
  assert.equal(a.deliveries.length, 6);
  assert.equal(stage.clock.timers, 0);
});

Deno.test("SharedGroup makes each message visible when its own time is over", async () => {
  const stage = stageOf();
  const a = stage.join("a");
  stage.send(0, "1");
  await turns();
  stage.clock.advance(INVISIBLE_MS / 2);
  stage.send(0, "2");
  await turns();
  stage.clock.advance(INVISIBLE_MS / 2 + TICKS_MS);
  await turns();
  assert.deepEqual(a.texts, ["1", "2", "1"]);
  stage.clock.advance(INVISIBLE_MS / 2 + TICKS_MS);
  await turns();
  assert.deepEqual(a.texts, ["1", "2", "1", "2"]);
});

Deno.test("SharedGroup gives a message back for the time that its receiver says", async () => {
  const stage = stageOf();
  const a = stage.join("a");
  stage.send(0, "1");
  await turns();
  a.delivery("1").retryLater?.(1_000);
  stage.clock.advance(999);
  await turns();
  assert.equal(a.deliveries.length, 1);
  stage.clock.advance(1 + TICKS_MS);
  await turns();
  assert.deepEqual(a.deliveries.map(({ starts }) => starts), [0, 1]);
  assert.throws(() => a.delivery("1").retryLater?.(-1), {
    name: "RangeError",
    message: "Cannot retry later: the time must be a number from 0 on: current value is -1",
  });
});

Deno.test("SharedGroup delivers one message of a message group at a time, though it is delivered again", async () => {
  const stage = stageOf();
  const a = stage.join("a");
  for (const text of ["k1", "k2", "free", "k3"]) {
    stage.broker.append(messageOf(text, { messageGroup: text === "free" ? undefined : "k" }), queueOf(0));
  }
  await turns();
  assert.deepEqual(a.texts, ["k1", "free"]);
  stage.clock.advance(INVISIBLE_MS + TICKS_MS);
  await turns();
  assert.deepEqual(a.texts.slice(2), ["k1", "free"], "those behind it wait for it to be settled");
  a.delivery("k1").ack();
  a.delivery("free").ack();
  await turns();
  assert.deepEqual(a.texts.slice(4), ["k2"]);
  a.delivery("k2").ack();
  await turns();
  a.delivery("k3").ack();
  stage.broker.append(messageOf("k4", { messageGroup: "k" }), queueOf(0));
  await turns();
  assert.deepEqual(a.texts.slice(5), ["k3", "k4"], "a group that was empty begins anew");
});

Deno.test("SharedGroup gives back at once what a member leaves unsettled, once it is drained", async () => {
  const stage = stageOf();
  const a = stage.join("a");
  const draining = createDeferred<void>();
  a.onRevoked = () => draining.promise;
  stage.send(0, "1", "2", "3");
  await turns();
  const b = stage.join("b");
  const leaving = stage.group.leave("a");
  stage.send(0, "4");
  await turns();
  assert.deepEqual([a.texts, b.texts], [["1", "2", "3"], ["4"]], "a leaving member gets nothing more");
  const partition = a.partition(queueOf(0));
  assert.ok(!partition.held() && !partition.lost());
  a.delivery("2").ack();
  draining.resolve();
  await leaving;
  assert.ok(partition.lost());
  await turns();
  assert.deepEqual(b.texts, ["4", "1", "3"]);
  assert.deepEqual(b.deliveries.map(({ starts }) => starts), [0, 1, 1]);
  a.delivery("1").ack();
  await assertFails(a.delivery("1").started(), "unavailable", "sent_unknown");
  b.delivery("1").ack();
  b.delivery("3").ack();
  b.delivery("4").ack();
  stage.clock.advance(2 * INVISIBLE_MS);
  await turns();
  assert.equal(b.deliveries.length, 3);
});

Deno.test("SharedGroup keeps what a dead member had invisible for its time, and tells the member nothing", async () => {
  const stage = stageOf();
  const a = stage.join("a");
  stage.send(0, "1");
  await turns();
  const b = stage.join("b");
  stage.group.kill("a");
  a.delivery("1").ack();
  stage.send(0, "2", "3");
  await turns();
  assert.deepEqual([a.texts, b.texts], [["1"], ["2", "3"]]);
  assert.deepEqual(stage.group.members, ["a", "b"]);
  stage.group.bury("a");
  assert.deepEqual(stage.group.members, ["b"]);
  for (const delivery of b.deliveries) delivery.ack();
  stage.clock.advance(INVISIBLE_MS + TICKS_MS);
  await turns();
  assert.deepEqual(b.texts, ["2", "3", "1"]);
  assert.equal(b.delivery("1").starts, 1);
  assert.deepEqual(a.steps, ["assigned embedded/0"]);
  await stage.group.leave("a");
  assert.deepEqual(a.steps, ["assigned embedded/0", "lost embedded/0"], "it is told when it asks");
});

Deno.test("SharedGroup records nothing of a member that dies while it leaves", async () => {
  const stage = stageOf();
  const a = stage.join("a");
  stage.send(0, "1");
  await turns();
  const b = stage.join("b");
  const draining = createDeferred<void>();
  a.onRevoked = () => draining.promise;
  const leaving = stage.group.leave("a");
  stage.group.kill("a");
  a.delivery("1").ack();
  draining.resolve();
  await leaving;
  await turns();
  assert.deepEqual(b.texts, [], "it stays invisible for its time");
  stage.clock.advance(INVISIBLE_MS + TICKS_MS);
  await turns();
  assert.deepEqual(b.texts, ["1"]);
});

Deno.test("SharedGroup close() takes everything from everybody, who leaves included, and tells the dead nothing", async () => {
  const stage = stageOf();
  const a = stage.join("a");
  const b = stage.join("b");
  stage.group.kill("b");
  const draining = createDeferred<void>();
  a.onRevoked = () => draining.promise;
  const leaving = stage.group.leave("a");
  stage.group.close("over");
  assert.deepEqual(a.steps, ["assigned embedded/0", "lost embedded/0"]);
  assert.deepEqual(b.steps, ["assigned embedded/0"]);
  draining.resolve();
  await leaving;
});

Deno.test("SharedGroup drops settled messages though an earlier one stays unsettled", async () => {
  const stage = new EmbeddedStage(1, { ownership: "perMessage", retainedMessages: 10 });
  const a = stage.join("a");
  stage.send(0, "stuck");
  await turns();
  a.delivery("stuck").retryLater?.(3_600_000);
  for (let count = 0; count < 100; count++) {
    stage.send(0, String(count));
    await turns(1);
    a.delivery(String(count)).ack();
  }
  const kept = stage.broker.messages("test-Service");
  assert.deepEqual(kept.map(({ offset }) => offset), [
    0,
    ...Array.from({ length: 9 }, (_, index) => 92 + index),
  ]);
});

import assert from "node:assert/strict";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { OffsetGroup } from "../../../../src/transport/embedded/offset_group.ts";
import { EmbeddedStage, queueOf } from "../../../helpers/embedded_stage.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { turns } from "../../../helpers/settled.ts";

/** Until the wheel of the broker has come around to what is due. */
const TICKS_MS = 20;

function stateOf(stage: EmbeddedStage, queue = 0) {
  assert.ok(stage.group instanceof OffsetGroup);
  const state = stage.group.state(queue);
  assert.ok(state !== undefined);
  return state;
}

Deno.test("OffsetGroup divides the queues anew when members come and go", async () => {
  const stage = new EmbeddedStage(8);
  const a = stage.join("a");
  assert.deepEqual(a.queues, [0, 1, 2, 3, 4, 5, 6, 7]);
  const b = stage.join("b");
  await turns();
  assert.deepEqual([a.queues, b.queues], [[0, 1, 2, 3], [4, 5, 6, 7]]);
  const c = stage.join("c");
  await turns();
  assert.deepEqual([a.queues, b.queues, c.queues], [[0, 1, 2], [3, 4, 5], [6, 7]]);
  await stage.group.leave("a");
  await turns();
  assert.deepEqual([a.queues, b.queues, c.queues], [[], [0, 1, 2, 3], [4, 5, 6, 7]]);
});

Deno.test("OffsetGroup gives a queue to its next owner only once it was drained, with what is settled", async () => {
  const stage = new EmbeddedStage(1);
  const draining = createDeferred<void>();
  const b = stage.join("b");
  b.onRevoked = () => draining.promise;
  stage.send(0, "1", "2", "3");
  await turns();
  const a = stage.join("a");
  stage.send(0, "4");
  await turns();
  assert.deepEqual([a.queues, b.queues], [[], [0]]);
  assert.equal(b.deliveries.length, 3, "nothing is delivered while it is drained");
  b.delivery("1").ack();
  await b.delivery("2").started();
  draining.resolve();
  await turns();
  assert.deepEqual([a.queues, b.queues], [[0], []]);
  assert.deepEqual(a.deliveries.map(({ offset, starts }) => [offset, starts]), [[1, 1], [2, 0], [3, 0]]);
  b.delivery("2").ack();
  assert.equal(stateOf(stage).commit, 1, "what comes from a past owner is not recorded");
});

Deno.test("OffsetGroup leave() waits for the leaver's own queues, those on the move included, and for no other's", async () => {
  const stage = new EmbeddedStage(2);
  const draining = createDeferred<void>();
  const b = stage.join("b");
  b.onRevoked = ({ queue }) => queue.id === 1 ? draining.promise : Promise.resolve();
  await turns();
  const a = stage.join("a");
  await turns();
  assert.deepEqual([a.queues, b.queues], [[0], [1]]);
  // Queue 1 stays with b until c has come, and moves from then on.
  const c = stage.join("c");
  await turns();
  await stage.group.leave("a");
  let gone = false;
  const leaving = stage.group.leave("b").then(() => gone = true);
  await turns();
  assert.ok(!gone);
  draining.resolve();
  await leaving;
  assert.deepEqual([a.queues, b.queues, c.queues], [[], [], [0, 1]]);
});

Deno.test("OffsetGroup goes on though a sink fails to drain", async () => {
  const stage = new EmbeddedStage(1);
  const b = stage.join("b");
  b.onRevoked = () => Promise.reject(new Error("a sink that throws"));
  const a = stage.join("a");
  await turns();
  assert.deepEqual(a.queues, [0]);
});

Deno.test("OffsetGroup keeps the locks of a dead member until it has been gone for the grace", async () => {
  const stage = new EmbeddedStage(2, { takeoverGraceMs: 3_000 });
  const a = stage.join("a");
  const b = stage.join("b");
  await turns();
  stage.send(0, "settled", "started", "fresh");
  await turns();
  a.delivery("settled").ack();
  await a.delivery("started").started();
  const partition = a.partition({ topic: "", broker: "embedded", id: 0 });
  stage.group.kill("a");
  assert.ok(!partition.held());
  a.delivery("started").ack();
  assert.deepEqual([stateOf(stage).commit, stateOf(stage).lockedBy], [1, "a"]);
  assert.deepEqual(stage.group.members, ["a", "b"], "nobody has noticed");
  stage.clock.advance(60_000);
  assert.deepEqual(b.queues, [1]);
  stage.group.bury("a");
  assert.deepEqual(stage.group.members, ["b"]);
  stage.clock.advance(3_000 - TICKS_MS);
  assert.deepEqual(b.queues, [1]);
  stage.clock.advance(2 * TICKS_MS);
  assert.deepEqual(b.queues, [0, 1]);
  await turns();
  assert.deepEqual(b.deliveries.map(({ offset, starts }) => [offset, starts]), [[1, 1], [2, 0]]);
  assert.deepEqual(
    a.steps,
    ["assigned embedded/0", "assigned embedded/1", "revoked embedded/1"],
    "the dead hear nothing",
  );
  stage.broker.close();
  assert.equal(stage.clock.timers, 0);
});

Deno.test("OffsetGroup lets a newcomer wait for a dead owner's grace from when it came", async () => {
  const stage = new EmbeddedStage(1, { takeoverGraceMs: 3_000 });
  stage.join("a");
  stage.group.kill("a");
  stage.group.bury("a");
  stage.clock.advance(10_000);
  const b = stage.join("b");
  assert.deepEqual(b.queues, []);
  stage.clock.advance(3_000 - TICKS_MS);
  assert.deepEqual(b.queues, []);
  stage.clock.advance(2 * TICKS_MS);
  assert.deepEqual(b.queues, [0]);
  await turns();
});

Deno.test("OffsetGroup gives nothing to a dead member, and frees what it was handing over", async () => {
  const stage = new EmbeddedStage(2, { takeoverGraceMs: 0 });
  const b = stage.join("b");
  const never = createDeferred<void>();
  b.onRevoked = () => never.promise;
  const a = stage.join("a");
  await turns();
  assert.deepEqual([a.queues, b.queues], [[], [0, 1]]);
  stage.group.kill("b");
  stage.group.bury("b");
  await turns();
  assert.deepEqual(a.queues, [0, 1]);
  never.resolve();
  await turns();
  assert.deepEqual(a.queues, [0, 1], "what a dead member finishes draining changes nothing");
  const c = stage.join("c");
  await turns();
  assert.deepEqual(c.queues, [1]);
  stage.group.kill("c");
  await stage.group.leave("a");
  assert.deepEqual(c.queues, [1], "it got nothing more");
});

Deno.test("OffsetGroup records nothing of a member that dies while it leaves, and keeps its locks for the grace", async () => {
  const stage = new EmbeddedStage(1, { takeoverGraceMs: 3_000 });
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
  assert.deepEqual([stateOf(stage).commit, stateOf(stage).lockedBy, b.queues], [0, "a", []]);
  stage.group.bury("a");
  stage.clock.advance(3_000 + TICKS_MS);
  await turns();
  assert.deepEqual(b.texts, ["1"]);
});

Deno.test("OffsetGroup tells a dead member that it lost everything only when it asks", async () => {
  const stage = new EmbeddedStage(2);
  const a = stage.join("a");
  stage.group.kill("a");
  await turns();
  assert.ok(!a.steps.includes("lost embedded/0"));
  await stage.group.leave("a");
  assert.deepEqual(a.steps.slice(2), ["lost embedded/0", "lost embedded/1"]);
  await stage.group.leave("a");
  assert.equal(a.steps.length, 4);
  assert.deepEqual(stage.group.members, ["a"], "its death is still to be noticed");
});

Deno.test("OffsetGroup freeze() loses a queue that is handed over before its owner knows", async () => {
  const stage = new EmbeddedStage(1);
  assert.ok(stage.group instanceof OffsetGroup);
  const a = stage.join("a");
  a.onRevoked = () => new Promise(() => {});
  const partition = a.partition(queueOf(0));
  stage.group.handOver(0);
  assert.deepEqual([partition.held(), partition.lost()], [false, false]);
  const wake = stage.group.freeze("a");
  assert.deepEqual([partition.held(), partition.lost()], [false, true]);
  wake?.();
  assert.deepEqual(a.steps.slice(-2), ["lost embedded/0", "assigned embedded/0"]);
});

Deno.test("OffsetGroup lose() reports every queue as lost and gives them out anew, with what was started as suspect", async () => {
  const stage = new EmbeddedStage(2);
  const a = stage.join("a");
  stage.send(0, "1", "2");
  await turns();
  await a.delivery("1").started();
  const partition = a.partition({ topic: "", broker: "embedded", id: 0 });
  stage.group.lose("a", "forgotten");
  assert.ok(!partition.held());
  assert.deepEqual(a.steps.slice(2), [
    "lost embedded/0",
    "lost embedded/1",
    "assigned embedded/0",
    "assigned embedded/1",
  ]);
  await turns();
  assert.deepEqual(a.deliveries.slice(2).map(({ offset, starts }) => [offset, starts]), [[0, 1], [1, 0]]);
});

Deno.test("OffsetGroup reads what another group of the topic has settled, and both settle for themselves", async () => {
  const stage = new EmbeddedStage(1, { retainedMessages: 3 });
  const a = stage.join("a");
  stage.send(0, "1", "2", "3");
  await turns();
  a.delivery("1").ack();
  a.delivery("2").ack();
  stage.broker.ensure([{ topic: "test-Service", queues: 1, group: "late" }]);
  const late = new RecordingSink();
  stage.broker.group("late")?.join("b", late);
  await turns();
  assert.deepEqual(late.texts, ["1", "2", "3"], "the late group begins with the first message that is kept");
  assert.throws(() => stage.send(0, "4"), { name: "RpcError", code: "resource_exhausted" });
  a.delivery("3").ack();
  late.delivery("1").ack();
  stage.send(0, "4");
  await turns();
  assert.deepEqual([a.texts, late.texts], [["1", "2", "3", "4"], ["1", "2", "3", "4"]]);
});

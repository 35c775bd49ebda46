import assert from "node:assert/strict";
import { KeyedPackerFixture, Made, made } from "../../helpers/keyed_packer_fixture.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("KeyedPacker tells the requests of a failed send, and goes on with those behind", async () => {
  const at = new KeyedPackerFixture();
  const [a1, b1, a2] = made("a1", "b1", "a2");
  assert.ok(a1 && b1 && a2);
  await at.add(a1, b1);
  await at.add(a2);
  await at.settle(0, "sent_unknown");
  assert.deepEqual(
    [a1, b1].map(({ failures }) => failures.map(({ outcome, callId }) => [outcome, callId])),
    [[["sent_unknown", "a1"]], [["sent_unknown", "b1"]]],
  );
  assert.deepEqual(at.sent.at(-1), ["a2"]);
});

Deno.test("KeyedPacker keeps the place of what is sent again, and holds its key back until then", async () => {
  const at = new KeyedPackerFixture();
  const [a1, b1, a2, c1] = made("a1", "b1", "a2", "c1");
  assert.ok(a1 && b1 && a2 && c1);
  a1.onFailure = () => a1.paused = true;
  b1.onFailure = () => b1.paused = true;
  await at.add(a1, b1);
  await at.add(a2, c1);
  await at.settle(0, "not_sent");
  assert.deepEqual(at.sent.at(-1), ["c1"]);
  await at.settle(1);
  a1.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.sent.at(-1), ["a1", "a2"]);
  await at.settle(2);
  b1.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.sent.at(-1), ["b1"]);
});

Deno.test("KeyedPacker lets go what waits behind a paused request whose call is over", async () => {
  const at = new KeyedPackerFixture();
  const [a1, a2] = made("a1", "a2");
  assert.ok(a1 && a2);
  a1.onFailure = () => a1.paused = true;
  await at.add(a1, a2);
  // Only the first is to be sent again: the other has been given up by its own deadline.
  await at.settle(0, "not_sent");
  await at.add(...made("a3"));
  assert.deepEqual([at.sent, a2.live], [[["a1", "a2"]], false]);
  a1.live = false;
  at.packer.over(a1);
  await turns();
  assert.deepEqual(at.sent.at(-1), ["a3"]);
});

Deno.test("KeyedPacker tells what has arrived that no queue could be found, and keeps what is to be tried again", async () => {
  const at = new KeyedPackerFixture();
  const queues = at.transport.onQueues;
  at.transport.onQueues = () => Promise.reject(new Error("boom"));
  const [a1, a2, b1, c1] = made("a1", "a2", "b1", "c1");
  assert.ok(a1 && a2 && b1 && c1);
  a1.onFailure = () => a1.paused = true;
  // Whoever fails makes room for another call, which is younger than all that wait.
  b1.onFailure = () => {
    b1.live = false;
    at.packer.add(new Made("a9"), true);
  };
  await at.add(a1, a2, b1);
  assert.deepEqual(
    [a1, a2, b1].map(({ failures }) => failures.map(({ code, outcome }) => [code, outcome])),
    [[["unknown", "not_sent"]], [], [["unknown", "not_sent"]]],
  );
  at.transport.onQueues = queues;
  await at.add(c1);
  assert.deepEqual(at.sent, [["c1"]]);
  await at.settle(0);
  a1.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.sent.at(-1), ["a1", "a2", "a9"]);
});

Deno.test("KeyedPacker takes back only what is the latest of its key, to be sent before what waits", async () => {
  const at = new KeyedPackerFixture();
  const [a1, a2, a3] = made("a1", "a2", "a3");
  assert.ok(a1 && a2 && a3);
  await at.add(a1);
  assert.ok(at.packer.isLatest(a1));
  await at.settle(0);
  await at.add(a2);
  assert.ok(!at.packer.isLatest(a1) && at.packer.isLatest(a2));
  // The callee's refusal comes before the broker's answer to the send.
  await at.add(a3);
  a2.paused = true;
  at.packer.takeBack(a2);
  await at.settle(1);
  assert.equal(at.sent.length, 2);
  a2.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.sent.slice(2), [["a2", "a3"]]);
  at.packer.over(a3);
  assert.ok(!at.packer.isLatest(a3), "what is over is not kept");
});

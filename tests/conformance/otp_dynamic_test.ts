/** OTP's supervision, children that come and go. About the suite: `otp_strategies_test.ts`. */
import assert from "node:assert/strict";
import { Supervisor } from "../../actors/supervision/supervisor.ts";
import type { ChildSpec, Exit } from "../../actors/supervision/child.ts";
import { ChildrenFixture, nodeOf } from "../helpers/children_fixture.ts";

const NORMAL: Exit = { kind: "normal" };

// Adding a Child Process

Deno.test("Supervisor.add starts a child behind all others, and treats it as they are treated", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.superviseAsOtp({
    strategy: "rest_for_one",
    children: fixture.specs("a", "b"),
  });
  await supervisor.add(fixture.spec("c"));
  fixture.take();
  await fixture.fail("b");
  assert.deepEqual(fixture.take(), [
    "exit b1",
    "stop c1",
    "end c1",
    "start b2",
    "up b2",
    "start c2",
    "up c2",
  ]);
  await supervisor.stop();
  assert.deepEqual(fixture.take().filter((step) => step.startsWith("stop")), [
    "stop c2",
    "stop b2",
    "stop a1",
  ]);
});

Deno.test("Supervisor.add keeps nothing of a child that does not start", async () => {
  const fixture = new ChildrenFixture();
  fixture.starts.set("b", "throws");
  const supervisor = await fixture.superviseAsOtp({ intensity: 0, children: fixture.specs("a") });
  await assert.rejects(supervisor.add(fixture.spec("b")), /b1 does not start/);
  assert.deepEqual(supervisor.state().children.map(({ id }) => id), ["a"]);
  assert.deepEqual([supervisor.state().state, fixture.exits], ["running", []]);
});

Deno.test("Supervisor that is started again has lost the children that were added", async () => {
  const fixture = new ChildrenFixture();
  let inner: Supervisor | undefined;
  const options = fixture.options({
    id: "inner",
    intensity: 0,
    onGiveUp: "escalate",
    children: fixture.specs("a"),
  });
  const start: ChildSpec["start"] = async (context) => inner = await Supervisor.start(options, context);
  const supervisor = await fixture.superviseAsOtp({ children: [{ id: "inner", type: "supervisor", start }] });
  await inner?.add(fixture.spec("b"));
  await fixture.fail("a");
  assert.deepEqual(nodeOf(supervisor.state(), "inner").children.map(({ id }) => id), ["a"]);
  assert.deepEqual([fixture.incarnations("a").length, fixture.incarnations("b").length], [2, 1]);
});

// Stopping a Child Process

Deno.test("Supervisor.remove stops a child within its time and deletes its spec; siblings go on", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.superviseAsOtp({
    strategy: "one_for_all",
    children: fixture.specs("a", "b", "c"),
  });
  fixture.take();
  await supervisor.remove("b");
  assert.deepEqual(fixture.take(), ["stop b1", "end b1"]);
  await fixture.fail("a");
  assert.equal(fixture.incarnations("b").length, 1);
  await assert.rejects(supervisor.remove("b"), TypeError);
});

// Manual page, restart_child.
Deno.test("Supervisor.restart starts a child that has ended, and spends no restart", async () => {
  const fixture = new ChildrenFixture();
  const children = [fixture.spec("a", { restart: "transient" }), fixture.spec("b")];
  const supervisor = await fixture.superviseAsOtp({ intensity: 0, children });
  await fixture.fail("a", NORMAL);
  fixture.take();
  await supervisor.restart("a");
  assert.deepEqual(fixture.take(), ["start a2", "up a2"]);
  await assert.rejects(supervisor.restart("x"), TypeError);
});

// Stopping

Deno.test("Supervisor below another one is ended by it, its children in reverse, before its elder siblings", async () => {
  const fixture = new ChildrenFixture();
  const inner = fixture.nested("inner", { children: fixture.specs("b", "c") });
  const supervisor = await fixture.superviseAsOtp({
    children: [fixture.spec("a"), inner, fixture.spec("d")],
  });
  fixture.take();
  await supervisor.stop();
  assert.deepEqual(fixture.take().filter((step) => step.startsWith("stop")), [
    "stop d1",
    "stop c1",
    "stop b1",
    "stop a1",
  ]);
});

// Manual versus automatic: between two tries of a restart the supervisor serves what else it is asked for.
Deno.test("Supervisor can be stopped between two tries of a restart that fails", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.superviseAsOtp({ intensity: 100, children: fixture.specs("a", "b") });
  fixture.starts.set("a", "throws");
  await fixture.fail("a");
  await fixture.fail("b");
  fixture.take();
  await supervisor.stop();
  assert.deepEqual([fixture.take(), fixture.clock.timers], [["stop b2", "end b2"], 0]);
});

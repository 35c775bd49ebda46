/** OTP's supervision, what a child specification says. About the suite: `otp_strategies_test.ts`. */
import assert from "node:assert/strict";
import type { Exit } from "../../actors/supervision/child.ts";
import { turns } from "../helpers/settled.ts";
import { ChildrenFixture, nodeOf } from "../helpers/children_fixture.ts";

const NORMAL: Exit = { kind: "normal" };
const SHUTDOWN: Exit = { kind: "shutdown" };
const FAILED: Exit = { kind: "failed", error: new Error("broken") };

// Child Specification

Deno.test("Supervisor restarts a permanent child, the default, however it ended", async () => {
  for (const exit of [NORMAL, SHUTDOWN, FAILED]) {
    for (const more of [{}, { restart: "permanent" }] as const) {
      const fixture = new ChildrenFixture();
      await fixture.superviseAsOtp({ children: [fixture.spec("a", more)] });
      await fixture.fail("a", exit);
      assert.equal(fixture.incarnations("a").length, 2, exit.kind);
    }
  }
});

Deno.test("Supervisor restarts a transient child only when it failed", async () => {
  for (const [exit, lives] of [[NORMAL, 1], [SHUTDOWN, 1], [FAILED, 2]] as const) {
    const fixture = new ChildrenFixture();
    const supervisor = await fixture.superviseAsOtp({
      children: [fixture.spec("a", { restart: "transient" })],
    });
    await fixture.fail("a", exit);
    assert.equal(fixture.incarnations("a").length, lives, exit.kind);
    assert.equal(nodeOf(supervisor.state(), "a").state, lives === 1 ? "stopped" : "running");
  }
});

Deno.test("Supervisor never restarts a temporary child and forgets it, also when a sibling's end ended it", async () => {
  for (const exit of [NORMAL, SHUTDOWN, FAILED]) {
    const fixture = new ChildrenFixture();
    const supervisor = await fixture.superviseAsOtp({
      intensity: 0,
      children: [fixture.spec("a", { restart: "temporary" })],
    });
    await fixture.fail("a", exit);
    assert.deepEqual([fixture.incarnations("a").length, supervisor.state().children], [1, []], exit.kind);
  }
  for (const strategy of ["one_for_all", "rest_for_one"] as const) {
    const fixture = new ChildrenFixture();
    const children = [fixture.spec("a"), fixture.spec("b", { restart: "temporary" }), fixture.spec("c")];
    const supervisor = await fixture.superviseAsOtp({ strategy, children });
    fixture.take();
    await fixture.fail("a");
    const ends = ["stop c1", "end c1", "stop b1", "end b1"];
    assert.deepEqual(
      fixture.take(),
      ["exit a1", ...ends, "start a2", "up a2", "start c2", "up c2"],
      strategy,
    );
    assert.deepEqual(supervisor.state().children.map(({ id }) => id), ["a", "c"]);
  }
});

Deno.test("Supervisor one_for_all starts a transient child that had ended well again with the others", async () => {
  const fixture = new ChildrenFixture();
  const children = [fixture.spec("a", { restart: "transient" }), fixture.spec("b")];
  await fixture.superviseAsOtp({ strategy: "one_for_all", children });
  await fixture.fail("a", NORMAL);
  fixture.take();
  await fixture.fail("b");
  assert.deepEqual(fixture.take(), ["exit b1", "start a2", "up a2", "start b2", "up b2"]);
});

Deno.test("Supervisor spends no restart on a child that is not to be restarted", async () => {
  const fixture = new ChildrenFixture();
  const children = [fixture.spec("a", { restart: "transient" }), fixture.spec("b", { restart: "temporary" })];
  const supervisor = await fixture.superviseAsOtp({ intensity: 0, children });
  await fixture.fail("a", NORMAL);
  await fixture.fail("b", FAILED);
  assert.deepEqual([supervisor.state().state, fixture.exits], ["running", []]);
});

Deno.test("Supervisor gives a child its shutdown time, 5 s by default, and then ends it without asking", async () => {
  for (const [more, ms] of [[{}, 5_000], [{ shutdownMs: 700 }, 700]] as const) {
    const fixture = new ChildrenFixture();
    fixture.stops.set("a", "slow");
    const supervisor = await fixture.superviseAsOtp({ children: [fixture.spec("a", more)] });
    fixture.take();
    const stopping = supervisor.stop();
    await turns();
    await fixture.pass(ms - 1);
    assert.deepEqual([fixture.take(), fixture.latest("a").stopSignal?.aborted], [["stop a1"], false]);
    await fixture.pass(1);
    assert.deepEqual([fixture.take(), fixture.latest("a").stopSignal?.aborted], [["end a1"], true]);
    await stopping;
  }
});

Deno.test("Supervisor ends a brutal child without time to stop", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("a", "slow");
  const supervisor = await fixture.superviseAsOtp({
    children: [fixture.spec("a", { shutdownMs: "brutal" })],
  });
  fixture.take();
  await supervisor.stop();
  assert.deepEqual(fixture.take(), ["kill a1", "end a1"]);
});

Deno.test("Supervisor gives a child that is a supervisor all the time that its children need", async () => {
  const fixture = new ChildrenFixture();
  for (const id of ["a", "b", "c"]) fixture.stops.set(id, "slow");
  const supervisor = await fixture.superviseAsOtp({
    children: [fixture.nested("inner", { children: fixture.specs("a", "b", "c") })],
  });
  fixture.take();
  const stopping = supervisor.stop();
  for (let each = 0; each < 3; each++) {
    await turns();
    await fixture.pass(5_000);
  }
  await stopping;
  assert.deepEqual(fixture.take(), ["stop c1", "end c1", "stop b1", "end b1", "stop a1", "end a1"]);
  assert.equal(supervisor.state().abandoned, undefined);
});

Deno.test("Supervisor counts a child that failed while it was stopped as stopped", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("b", "throws");
  const supervisor = await fixture.superviseAsOtp({ children: fixture.specs("a", "b") });
  fixture.take();
  await supervisor.stop();
  assert.deepEqual(fixture.take(), ["stop b1", "stop a1", "end a1"]);
});

Deno.test("Supervisor refuses two children of one id", async () => {
  const fixture = new ChildrenFixture();
  await assert.rejects(fixture.superviseAsOtp({ children: fixture.specs("a", "b", "a") }), TypeError);
  assert.deepEqual(fixture.take(), []);
});

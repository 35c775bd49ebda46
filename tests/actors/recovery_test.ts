import assert from "node:assert/strict";
import type { ChildSpec } from "../../actors/child.ts";
import { nodeOf, Stage } from "../helpers/stage.ts";
import { turns } from "../helpers/settled.ts";

const LIMIT = { intensity: 0, periodMs: 10_000 };

function limited(stage: Stage, id: string, more: Partial<ChildSpec> = {}): ChildSpec {
  return stage.spec(id, { limit: LIMIT, ...more });
}

Deno.test("Recovery stops siblings at once, and starts all together after the wait", async () => {
  const stage = new Stage();
  const supervisor = await stage.supervise({ strategy: "one_for_all", children: stage.specs("a", "b") });
  stage.take();
  await stage.exit("b");
  assert.deepEqual(stage.take(), ["exit b1", "stop a1", "end a1"]);
  assert.deepEqual(supervisor.state().children.map(({ state }) => state), ["restarting", "restarting"]);
  await stage.pass(99);
  assert.deepEqual(stage.take(), []);
  await stage.pass(1);
  assert.deepEqual(stage.take(), ["start a2", "up a2", "start b2", "up b2"]);
});

Deno.test("Recovery rest_for_one: an earlier child that fails meanwhile takes the wait over", async () => {
  const stage = new Stage();
  await stage.supervise({ strategy: "rest_for_one", children: stage.specs("a", "b", "c", "d") });
  stage.take();
  await stage.exit("c");
  await stage.pass(50);
  await stage.exit("a");
  assert.deepEqual(stage.take(), ["exit c1", "stop d1", "end d1", "exit a1", "stop b1", "end b1"]);
  assert.equal(stage.clock.timers, 1);
  await stage.pass(99);
  assert.deepEqual(stage.take(), []);
  await stage.pass(1);
  assert.deepEqual(stage.take().filter((step) => step.startsWith("up")), [
    "up a2",
    "up b2",
    "up c2",
    "up d2",
  ]);
});

Deno.test("Recovery: a child added while all wait starts with them, as the last", async () => {
  for (
    const [strategy, intensity, state] of [["one_for_all", 5, "restarting"], [
      "one_for_one",
      0,
      "suspended",
    ]] as const
  ) {
    const stage = new Stage();
    const supervisor = await stage.supervise({ strategy, intensity, children: stage.specs("a", "b") });
    await stage.exit("b");
    stage.take();
    await supervisor.add(stage.spec("c"));
    assert.deepEqual([stage.take(), nodeOf(supervisor.state(), "c").state], [[], state]);
    await stage.pass(10_000);
    const steps = stage.take();
    assert.deepEqual(
      steps.filter((step) => step.startsWith("start")),
      ["start a2", "start b2", "start c1"],
      strategy,
    );
    assert.equal(nodeOf(supervisor.state(), "c").restarts, 0);
  }
});

Deno.test("Recovery: where the child is removed for which others wait, they go on without it", async () => {
  const stage = new Stage();
  const supervisor = await stage.supervise({
    strategy: "rest_for_one",
    children: stage.specs("a", "b", "c"),
  });
  await stage.exit("b");
  stage.take();
  await supervisor.remove("b");
  await stage.pass(100);
  assert.deepEqual(stage.take(), ["start c2", "up c2"]);

  await stage.exit("c");
  await supervisor.remove("c");
  assert.equal(stage.clock.timers, 0);
});

Deno.test("Recovery: a manual restart of one that waits with others starts all of them now", async () => {
  for (const options of [{ strategy: "one_for_all" }, { intensity: 0 }] as const) {
    const stage = new Stage();
    const supervisor = await stage.supervise({ ...options, children: stage.specs("a", "b") });
    await stage.exit("a");
    stage.take();
    await supervisor.restart("b");
    assert.deepEqual(stage.take(), ["start a2", "up a2", "start b2", "up b2"]);
    assert.deepEqual([supervisor.state().state, supervisor.state().reopensAtMs], ["running", undefined]);
    assert.equal(stage.clock.timers, 0);
  }
});

Deno.test("Recovery: waits and restarts begin anew after a suspension", async () => {
  const stage = new Stage();
  const supervisor = await stage.supervise({ intensity: 2, periodMs: 60_000, children: stage.specs("a") });
  for (let round = 0; round < 3; round++) {
    await stage.exit("a");
    await stage.pass(100);
    await stage.exit("a");
    assert.deepEqual(nodeOf(supervisor.state(), "a").state, "restarting");
    await stage.pass(200);
    await stage.exit("a");
    assert.equal(supervisor.state().state, "suspended");
    await stage.pass(10_000);
    assert.equal(supervisor.state().state, "running");
  }
});

Deno.test("Recovery: where a child does not start after a suspension, the others do", async () => {
  const stage = new Stage();
  const supervisor = await stage.supervise({ intensity: 1, children: stage.specs("a", "b") });
  await stage.exit("a");
  await stage.exit("b");
  stage.starts.set("a", "throws");
  stage.take();
  await stage.pass(10_000);
  assert.deepEqual(stage.take(), ["start a2", "start b2", "up b2"]);
  assert.equal(nodeOf(supervisor.state(), "a").state, "restarting");
});

Deno.test("Recovery: a temporary child is gone after a suspension", async () => {
  const stage = new Stage();
  const children = [stage.spec("a"), stage.spec("b", { restart: "temporary" })];
  const supervisor = await stage.supervise({ intensity: 0, children });
  await stage.exit("a");
  assert.deepEqual(supervisor.state().children.map(({ id }) => id), ["a"]);
});

Deno.test("Recovery: a temporary child that was to start later and fails is forgotten, the others start", async () => {
  const stage = new Stage();
  const supervisor = await stage.supervise({ intensity: 0, children: stage.specs("a") });
  await stage.exit("a");
  await supervisor.add(stage.spec("b", { restart: "temporary" }));
  await supervisor.add(stage.spec("c"));
  stage.starts.set("b", "throws");
  await stage.pass(10_000);
  assert.deepEqual(supervisor.state().children.map(({ id, state }) => [id, state]), [["a", "running"], [
    "c",
    "running",
  ]]);
});

Deno.test("Recovery: a limit of the child's own suspends it alone, says until when, and begins anew", async () => {
  const stage = new Stage();
  const children = [limited(stage, "a", { limit: { intensity: 1, periodMs: 60_000 } }), stage.spec("b")];
  const supervisor = await stage.supervise({ intensity: 0, children });
  for (let round = 0; round < 2; round++) {
    await stage.exit("a");
    await stage.pass(100);
    await stage.exit("a");
    const { state, reopensAtMs } = nodeOf(supervisor.state(), "a");
    assert.deepEqual([state, reopensAtMs], ["suspended", stage.clock.now() + 10_000]);
    await stage.pass(9_999);
    assert.equal(nodeOf(supervisor.state(), "a").state, "suspended");
    await stage.pass(1);
    const node = nodeOf(supervisor.state(), "a");
    assert.deepEqual([node.state, node.reopensAtMs], ["running", undefined]);
  }
  assert.deepEqual([stage.incarnations("b").length, supervisor.state().state], [1, "running"]);
});

Deno.test("Recovery: a limit of the child's own that escalates makes the supervisor give up", async () => {
  const stage = new Stage();
  const children = [limited(stage, "a", { limit: { ...LIMIT, onGiveUp: "escalate" } }), stage.spec("b")];
  const supervisor = await stage.supervise({ onGiveUp: "escalate", children });
  stage.take();
  await stage.exit("a");
  assert.deepEqual([stage.take(), supervisor.state().state], [["exit a1", "stop b1", "end b1"], "failed"]);
});

Deno.test("Recovery: a manual restart ends a child's suspension", async () => {
  const stage = new Stage();
  const supervisor = await stage.supervise({ children: [limited(stage, "a")] });
  await stage.exit("a");
  await supervisor.restart("a");
  assert.deepEqual([nodeOf(supervisor.state(), "a").state, stage.clock.timers], ["running", 0]);
});

Deno.test("Recovery: a suspended child does not start with its siblings; they start with it when it reopens", async () => {
  const stage = new Stage();
  const children = [stage.spec("a"), limited(stage, "b"), stage.spec("c")];
  await stage.supervise({ strategy: "one_for_all", children });
  stage.take();
  await stage.exit("b");
  assert.deepEqual(stage.take(), ["exit b1"]);
  await stage.exit("a");
  await stage.pass(100);
  assert.deepEqual(stage.take(), ["exit a1", "stop c1", "end c1", "start a2", "up a2", "start c2", "up c2"]);
  await stage.pass(9_900);
  assert.deepEqual(stage.take(), [
    ...["stop c2", "end c2", "stop a2", "end a2"],
    ...["start a3", "up a3", "start b2", "up b2", "start c3", "up c3"],
  ]);
});

Deno.test("Recovery: a child whose suspension ends while its group waits starts with the group", async () => {
  const stage = new Stage();
  const children = [stage.spec("a"), limited(stage, "b")];
  await stage.supervise({ strategy: "one_for_all", children });
  await stage.exit("b");
  await stage.pass(9_950);
  await stage.exit("a");
  stage.take();
  await stage.pass(50);
  assert.deepEqual(stage.take(), []);
  await stage.pass(50);
  assert.deepEqual(stage.take(), ["start a2", "up a2", "start b2", "up b2"]);
});

Deno.test("Recovery rest_for_one: a suspension that ends takes over the wait of a later child", async () => {
  const stage = new Stage();
  const children = [limited(stage, "a"), stage.spec("b"), stage.spec("c")];
  await stage.supervise({ strategy: "rest_for_one", children });
  await stage.exit("a");
  await stage.pass(9_950);
  await stage.exit("b");
  stage.take();
  await stage.pass(50);
  assert.deepEqual(stage.take().filter((step) => step.startsWith("start")), [
    "start a2",
    "start b2",
    "start c2",
  ]);
  assert.equal(stage.clock.timers, 0);
});

Deno.test("Recovery: where a suspended child does not start again in a group, it is out and the others start", async () => {
  const stage = new Stage();
  const children = [stage.spec("a"), limited(stage, "b"), stage.spec("c")];
  const supervisor = await stage.supervise({ strategy: "one_for_all", children });
  stage.starts.set("b", "throws");
  await stage.exit("a");
  stage.take();
  await stage.pass(100);
  assert.deepEqual(stage.take(), ["start a2", "up a2", "start b2", "start c2", "up c2"]);
  assert.equal(nodeOf(supervisor.state(), "b").state, "suspended");
});

Deno.test("Recovery: giving up takes all waits of single children back", async () => {
  const stage = new Stage();
  const children = [stage.spec("a"), limited(stage, "b"), stage.spec("c")];
  const supervisor = await stage.supervise({ intensity: 1, children });
  await stage.exit("a");
  await stage.exit("b");
  assert.equal(stage.clock.timers, 2);
  await stage.exit("c");
  assert.equal(stage.clock.timers, 1);
  const states = supervisor.state().children.map(({ state, reopensAtMs }) => [state, reopensAtMs]);
  assert.deepEqual(states, Array(3).fill(["suspended", stage.clock.now() + 10_000]));
});

Deno.test("Recovery: what a timer asked for is not done when something else was decided before", async () => {
  const stage = new Stage();
  stage.stops.set("b", "slow");
  const supervisor = await stage.supervise({ children: stage.specs("a", "b") });
  await stage.exit("a");
  // The removal of b is under way when the timer of a fires, and a is removed before the timer's turn has come.
  const removals = [supervisor.remove("b"), supervisor.remove("a")];
  await turns();
  stage.clock.advance(100);
  stage.actor("b").finish();
  await Promise.all(removals);
  await turns();
  assert.deepEqual([stage.incarnations("a").length, stage.clock.timers], [1, 0]);
});

Deno.test("Recovery: a child that ran for a whole period waits shortly again, one that ran less waits longer", async () => {
  const stage = new Stage();
  await stage.supervise({ intensity: 100, periodMs: 1_000, children: stage.specs("a") });
  await stage.exit("a");
  await stage.pass(100);
  await stage.pass(999);
  await stage.exit("a");
  await stage.pass(199);
  assert.equal(stage.incarnations("a").length, 2);
  await stage.pass(1);
  await stage.pass(1_000);
  await stage.exit("a");
  await stage.pass(100);
  assert.equal(stage.incarnations("a").length, 4);
});

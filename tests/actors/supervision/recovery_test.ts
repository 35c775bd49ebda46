import assert from "node:assert/strict";
import type { ChildSpec } from "../../../actors/supervision/child.ts";
import { ChildrenFixture, nodeOf } from "../../helpers/children_fixture.ts";
import { turns } from "../../helpers/settled.ts";

const LIMIT = { intensity: 0, periodMs: 10_000 };

function limited(fixture: ChildrenFixture, id: string, more: Partial<ChildSpec> = {}): ChildSpec {
  return fixture.spec(id, { limit: LIMIT, ...more });
}

Deno.test("Recovery stops siblings at once, and starts all together after the wait", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ strategy: "one_for_all", children: fixture.specs("a", "b") });
  fixture.take();
  await fixture.exit("b");
  assert.deepEqual(fixture.take(), ["exit b1", "stop a1", "end a1"]);
  assert.deepEqual(supervisor.state().children.map(({ state }) => state), ["restarting", "restarting"]);
  await fixture.pass(99);
  assert.deepEqual(fixture.take(), []);
  await fixture.pass(1);
  assert.deepEqual(fixture.take(), ["start a2", "up a2", "start b2", "up b2"]);
});

Deno.test("Recovery rest_for_one: an earlier child that fails meanwhile takes the wait over", async () => {
  const fixture = new ChildrenFixture();
  await fixture.supervise({ strategy: "rest_for_one", children: fixture.specs("a", "b", "c", "d") });
  fixture.take();
  await fixture.exit("c");
  await fixture.pass(50);
  await fixture.exit("a");
  assert.deepEqual(fixture.take(), ["exit c1", "stop d1", "end d1", "exit a1", "stop b1", "end b1"]);
  assert.equal(fixture.clock.timers, 1);
  await fixture.pass(99);
  assert.deepEqual(fixture.take(), []);
  await fixture.pass(1);
  assert.deepEqual(fixture.take().filter((step) => step.startsWith("up")), [
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
    const fixture = new ChildrenFixture();
    const supervisor = await fixture.supervise({ strategy, intensity, children: fixture.specs("a", "b") });
    await fixture.exit("b");
    fixture.take();
    await supervisor.add(fixture.spec("c"));
    assert.deepEqual([fixture.take(), nodeOf(supervisor.state(), "c").state], [[], state]);
    await fixture.pass(10_000);
    const steps = fixture.take();
    assert.deepEqual(
      steps.filter((step) => step.startsWith("start")),
      ["start a2", "start b2", "start c1"],
      strategy,
    );
    assert.equal(nodeOf(supervisor.state(), "c").restarts, 0);
  }
});

Deno.test("Recovery: where the child is removed for which others wait, they go on without it", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({
    strategy: "rest_for_one",
    children: fixture.specs("a", "b", "c"),
  });
  await fixture.exit("b");
  fixture.take();
  await supervisor.remove("b");
  await fixture.pass(100);
  assert.deepEqual(fixture.take(), ["start c2", "up c2"]);

  await fixture.exit("c");
  await supervisor.remove("c");
  assert.equal(fixture.clock.timers, 0);
});

Deno.test("Recovery: a manual restart of one that waits with others starts all of them now", async () => {
  for (const options of [{ strategy: "one_for_all" }, { intensity: 0 }] as const) {
    const fixture = new ChildrenFixture();
    const supervisor = await fixture.supervise({ ...options, children: fixture.specs("a", "b") });
    await fixture.exit("a");
    fixture.take();
    await supervisor.restart("b");
    assert.deepEqual(fixture.take(), ["start a2", "up a2", "start b2", "up b2"]);
    assert.deepEqual([supervisor.state().state, supervisor.state().reopensAtMs], ["running", undefined]);
    assert.equal(fixture.clock.timers, 0);
  }
});

Deno.test("Recovery: waits and restarts begin anew after a suspension", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({
    intensity: 2,
    periodMs: 60_000,
    children: fixture.specs("a"),
  });
  for (let round = 0; round < 3; round++) {
    await fixture.exit("a");
    await fixture.pass(100);
    await fixture.exit("a");
    assert.deepEqual(nodeOf(supervisor.state(), "a").state, "restarting");
    await fixture.pass(200);
    await fixture.exit("a");
    assert.equal(supervisor.state().state, "suspended");
    await fixture.pass(10_000);
    assert.equal(supervisor.state().state, "running");
  }
});

Deno.test("Recovery: where a child does not start after a suspension, the others do", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ intensity: 1, children: fixture.specs("a", "b") });
  await fixture.exit("a");
  await fixture.exit("b");
  fixture.starts.set("a", "throws");
  fixture.take();
  await fixture.pass(10_000);
  assert.deepEqual(fixture.take(), ["start a2", "start b2", "up b2"]);
  assert.equal(nodeOf(supervisor.state(), "a").state, "restarting");
});

Deno.test("Recovery: a temporary child is gone after a suspension", async () => {
  const fixture = new ChildrenFixture();
  const children = [fixture.spec("a"), fixture.spec("b", { restart: "temporary" })];
  const supervisor = await fixture.supervise({ intensity: 0, children });
  await fixture.exit("a");
  assert.deepEqual(supervisor.state().children.map(({ id }) => id), ["a"]);
});

Deno.test("Recovery: a temporary child that was to start later and fails is forgotten, the others start", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ intensity: 0, children: fixture.specs("a") });
  await fixture.exit("a");
  await supervisor.add(fixture.spec("b", { restart: "temporary" }));
  await supervisor.add(fixture.spec("c"));
  fixture.starts.set("b", "throws");
  await fixture.pass(10_000);
  assert.deepEqual(supervisor.state().children.map(({ id, state }) => [id, state]), [["a", "running"], [
    "c",
    "running",
  ]]);
});

Deno.test("Recovery: a limit of the child's own suspends it alone, says until when, and begins anew", async () => {
  const fixture = new ChildrenFixture();
  const children = [limited(fixture, "a", { limit: { intensity: 1, periodMs: 60_000 } }), fixture.spec("b")];
  const supervisor = await fixture.supervise({ intensity: 0, children });
  for (let round = 0; round < 2; round++) {
    await fixture.exit("a");
    await fixture.pass(100);
    await fixture.exit("a");
    const { state, reopensAtMs } = nodeOf(supervisor.state(), "a");
    assert.deepEqual([state, reopensAtMs], ["suspended", fixture.clock.now() + 10_000]);
    await fixture.pass(9_999);
    assert.equal(nodeOf(supervisor.state(), "a").state, "suspended");
    await fixture.pass(1);
    const node = nodeOf(supervisor.state(), "a");
    assert.deepEqual([node.state, node.reopensAtMs], ["running", undefined]);
  }
  assert.deepEqual([fixture.incarnations("b").length, supervisor.state().state], [1, "running"]);
});

Deno.test("Recovery: a limit of the child's own that escalates makes the supervisor give up", async () => {
  const fixture = new ChildrenFixture();
  const children = [limited(fixture, "a", { limit: { ...LIMIT, onGiveUp: "escalate" } }), fixture.spec("b")];
  const supervisor = await fixture.supervise({ onGiveUp: "escalate", children });
  fixture.take();
  await fixture.exit("a");
  assert.deepEqual([fixture.take(), supervisor.state().state], [["exit a1", "stop b1", "end b1"], "failed"]);
});

Deno.test("Recovery: a manual restart ends a child's suspension", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ children: [limited(fixture, "a")] });
  await fixture.exit("a");
  await supervisor.restart("a");
  assert.deepEqual([nodeOf(supervisor.state(), "a").state, fixture.clock.timers], ["running", 0]);
});

Deno.test("Recovery: a suspended child does not start with its siblings; they start with it when it reopens", async () => {
  const fixture = new ChildrenFixture();
  const children = [fixture.spec("a"), limited(fixture, "b"), fixture.spec("c")];
  await fixture.supervise({ strategy: "one_for_all", children });
  fixture.take();
  await fixture.exit("b");
  assert.deepEqual(fixture.take(), ["exit b1"]);
  await fixture.exit("a");
  await fixture.pass(100);
  assert.deepEqual(fixture.take(), [
    "exit a1",
    "stop c1",
    "end c1",
    "start a2",
    "up a2",
    "start c2",
    "up c2",
  ]);
  await fixture.pass(9_900);
  assert.deepEqual(fixture.take(), [
    ...["stop c2", "end c2", "stop a2", "end a2"],
    ...["start a3", "up a3", "start b2", "up b2", "start c3", "up c3"],
  ]);
});

Deno.test("Recovery: a child whose suspension ends while its group waits starts with the group", async () => {
  const fixture = new ChildrenFixture();
  const children = [fixture.spec("a"), limited(fixture, "b")];
  await fixture.supervise({ strategy: "one_for_all", children });
  await fixture.exit("b");
  await fixture.pass(9_950);
  await fixture.exit("a");
  fixture.take();
  await fixture.pass(50);
  assert.deepEqual(fixture.take(), []);
  await fixture.pass(50);
  assert.deepEqual(fixture.take(), ["start a2", "up a2", "start b2", "up b2"]);
});

Deno.test("Recovery rest_for_one: a suspension that ends takes over the wait of a later child", async () => {
  const fixture = new ChildrenFixture();
  const children = [limited(fixture, "a"), fixture.spec("b"), fixture.spec("c")];
  await fixture.supervise({ strategy: "rest_for_one", children });
  await fixture.exit("a");
  await fixture.pass(9_950);
  await fixture.exit("b");
  fixture.take();
  await fixture.pass(50);
  assert.deepEqual(fixture.take().filter((step) => step.startsWith("start")), [
    "start a2",
    "start b2",
    "start c2",
  ]);
  assert.equal(fixture.clock.timers, 0);
});

Deno.test("Recovery: where a suspended child does not start again in a group, it is out and the others start", async () => {
  const fixture = new ChildrenFixture();
  const children = [fixture.spec("a"), limited(fixture, "b"), fixture.spec("c")];
  const supervisor = await fixture.supervise({ strategy: "one_for_all", children });
  fixture.starts.set("b", "throws");
  await fixture.exit("a");
  fixture.take();
  await fixture.pass(100);
  assert.deepEqual(fixture.take(), ["start a2", "up a2", "start b2", "start c2", "up c2"]);
  assert.equal(nodeOf(supervisor.state(), "b").state, "suspended");
});

Deno.test("Recovery: giving up takes all waits of single children back", async () => {
  const fixture = new ChildrenFixture();
  const children = [fixture.spec("a"), limited(fixture, "b"), fixture.spec("c")];
  const supervisor = await fixture.supervise({ intensity: 1, children });
  await fixture.exit("a");
  await fixture.exit("b");
  assert.equal(fixture.clock.timers, 2);
  await fixture.exit("c");
  assert.equal(fixture.clock.timers, 1);
  const states = supervisor.state().children.map(({ state, reopensAtMs }) => [state, reopensAtMs]);
  assert.deepEqual(states, Array(3).fill(["suspended", fixture.clock.now() + 10_000]));
});

Deno.test("Recovery: what a timer asked for is not done when something else was decided before", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("b", "slow");
  const supervisor = await fixture.supervise({ children: fixture.specs("a", "b") });
  await fixture.exit("a");
  // The removal of b is under way when the timer of a fires, and a is removed before the timer's turn has come.
  const removals = [supervisor.remove("b"), supervisor.remove("a")];
  await turns();
  fixture.clock.advance(100);
  fixture.latest("b").finish();
  await Promise.all(removals);
  await turns();
  assert.deepEqual([fixture.incarnations("a").length, fixture.clock.timers], [1, 0]);
});

Deno.test("Recovery: a child that ran for a whole period waits shortly again, one that ran less waits longer", async () => {
  const fixture = new ChildrenFixture();
  await fixture.supervise({ intensity: 100, periodMs: 1_000, children: fixture.specs("a") });
  await fixture.exit("a");
  await fixture.pass(100);
  await fixture.pass(999);
  await fixture.exit("a");
  await fixture.pass(199);
  assert.equal(fixture.incarnations("a").length, 2);
  await fixture.pass(1);
  await fixture.pass(1_000);
  await fixture.exit("a");
  await fixture.pass(100);
  assert.equal(fixture.incarnations("a").length, 4);
});

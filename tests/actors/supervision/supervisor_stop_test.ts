import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { turns } from "../../helpers/settled.ts";
import { ChildrenFixture } from "../../helpers/children_fixture.ts";

Deno.test("Supervisor.stop while a child waits for its restart cancels the wait", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ children: fixture.specs("a", "b") });
  await fixture.exit("a");
  assert.equal(fixture.clock.timers, 1);
  await supervisor.stop();
  assert.equal(fixture.clock.timers, 0);
  await fixture.pass(60_000);
  assert.equal(fixture.incarnations("a").length, 1);
});

Deno.test("Supervisor.stop while a restart starts takes that start back", async () => {
  for (const strategy of ["one_for_one", "one_for_all", "rest_for_one"] as const) {
    const fixture = new ChildrenFixture();
    const supervisor = await fixture.supervise({ strategy, children: fixture.specs("a", "b") });
    fixture.starts.set("a", "slow");
    await fixture.exit("a");
    await fixture.pass(100);
    fixture.take();
    await supervisor.stop();
    assert.deepEqual(fixture.take(), strategy === "one_for_one" ? ["stop b1", "end b1"] : [], strategy);
    assert.deepEqual([supervisor.state().state, fixture.clock.timers], ["stopped", 0]);
  }
});

Deno.test("Supervisor.stop while it is suspended works at once", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ intensity: 0, children: fixture.specs("a", "b") });
  await fixture.exit("a");
  assert.equal(supervisor.state().state, "suspended");
  await supervisor.stop();
  const { state, reopensAtMs } = supervisor.state();
  assert.deepEqual([state, reopensAtMs, fixture.clock.timers], ["stopped", undefined, 0]);
});

Deno.test("Supervisor.stop while it gives up stops once, and reports nothing to its parent", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("b", "slow");
  const options = { intensity: 0, onGiveUp: "escalate", children: fixture.specs("a", "b") } as const;
  const supervisor = await fixture.supervise(options);
  await fixture.exit("a");
  assert.equal(supervisor.state().state, "stopping");
  const stopping = supervisor.stop();
  await turns();
  fixture.latest("b").finish();
  await stopping;
  assert.deepEqual([fixture.exits, supervisor.state().state, fixture.clock.timers], [[], "stopped", 0]);
});

Deno.test("Supervisor.stop is idempotent, and takes a signal later", async () => {
  const fixture = new ChildrenFixture();
  for (const id of ["a", "b", "c"]) fixture.stops.set(id, "slow");
  const supervisor = await fixture.supervise({ children: fixture.specs("a", "b", "c") });
  fixture.take();
  const first = supervisor.stop();
  await turns();
  assert.deepEqual(fixture.take(), ["stop c1"]);
  const controller = new AbortController();
  const second = supervisor.stop({ signal: controller.signal });
  controller.abort();
  await Promise.all([first, second]);
  assert.deepEqual(fixture.take().sort(), ["end a1", "end b1", "end c1", "kill a1", "kill b1"]);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  await supervisor.stop();
});

Deno.test("Supervisor.stop without time tells all at once, and leaves behind what does not end", async () => {
  const fixture = new ChildrenFixture();
  for (const id of ["a", "b", "c"]) fixture.stops.set(id, "deaf");
  const inner = fixture.nested("inner", { children: fixture.specs("b", "c") });
  const supervisor = await fixture.supervise({ children: [fixture.spec("a"), inner] });
  fixture.take();
  const stopping = supervisor.stop({ signal: AbortSignal.abort() });
  await turns();
  // In reverse within a supervisor; nobody waits for anybody.
  assert.deepEqual(fixture.take(), ["kill c1", "kill a1", "kill b1"]);
  await fixture.pass(100);
  await stopping;
  // The inner supervisor has ended: what was left behind is its own.
  assert.deepEqual(supervisor.state().abandoned, { count: 1, running: ["a"] });
  assert.equal(fixture.clock.timers, 0);
});

Deno.test("Supervisor whose time to stop is over hurries its children, however deep, and is not left behind", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("leaf", "deaf");
  const deep = fixture.nested("deep", { children: fixture.specs("leaf", "last") });
  fixture.stops.set("last", "slow");
  const middle = fixture.nested("middle", { children: [fixture.spec("m"), deep] });
  const supervisor = await fixture.supervise({ children: [{ ...middle, shutdownMs: 50 }] });
  fixture.take();
  const stopping = supervisor.stop();
  await turns();
  await fixture.pass(50);
  assert.deepEqual(fixture.take(), ["stop last1", "end last1", "kill leaf1", "kill m1", "end m1"]);
  await fixture.pass(100);
  await stopping;
  assert.equal(supervisor.state().abandoned, undefined);
});

Deno.test("Supervisor.stop without time does not wait for an operation that stops a child", async () => {
  for (const strategy of ["one_for_one", "one_for_all"] as const) {
    const fixture = new ChildrenFixture();
    fixture.stops.set("b", "deaf");
    const supervisor = await fixture.supervise({ strategy, children: fixture.specs("a", "b") });
    fixture.take();
    const removing = strategy === "one_for_one" ? supervisor.remove("b") : fixture.exit("a");
    await turns();
    const stopping = supervisor.stop({ signal: AbortSignal.abort() });
    await turns();
    await fixture.pass(100);
    await Promise.all([removing, stopping]);
    const steps = strategy === "one_for_one" ? ["stop b1", "kill a1", "end a1"] : ["exit a1", "stop b1"];
    assert.deepEqual(fixture.take(), steps);
    assert.deepEqual([supervisor.state().abandoned?.count, fixture.clock.timers], [1, 0]);
  }
});

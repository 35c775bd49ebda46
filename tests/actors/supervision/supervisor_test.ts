import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { ChildSpec } from "../../../actors/supervision/child.ts";
import { Supervisor, type SupervisorOptions } from "../../../actors/supervision/supervisor.ts";
import type { TreeState } from "../../../src/call/tree.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { turns, until } from "../../helpers/settled.ts";
import { ChildrenFixture, nodeOf } from "../../helpers/children_fixture.ts";

function nested(
  fixture: ChildrenFixture,
  id: string,
  options: Partial<SupervisorOptions>,
  more: Partial<ChildSpec> = {},
): ChildSpec {
  const own = fixture.options({ id, onGiveUp: "escalate", ...options });
  return { id, type: "supervisor", start: (context) => Supervisor.start(own, context), ...more };
}

Deno.test("Supervisor.start without children runs, and stops", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({});
  assert.equal(supervisor.state().state, "running");
  await supervisor.stop();
  assert.deepEqual([supervisor.state().state, fixture.clock.timers], ["stopped", 0]);
});

Deno.test("Supervisor.start is taken back by its signal, with what was started", async () => {
  const fixture = new ChildrenFixture();
  fixture.starts.set("b", "slow");
  const controller = new AbortController();
  const starting = fixture.supervise({ children: fixture.specs("a", "b", "c") }, controller.signal);
  await turns();
  assert.equal(getEventListeners(controller.signal, "abort").length, 1);
  controller.abort(new Error("no time"));
  await assert.rejects(starting, /no time/);
  assert.deepEqual(fixture.take(), ["start a1", "up a1", "start b1", "stop a1", "end a1"]);
  assert.deepEqual([getEventListeners(controller.signal, "abort").length, fixture.clock.timers], [0, 0]);
});

Deno.test("Supervisor.start does nothing when its signal has aborted before", async () => {
  const fixture = new ChildrenFixture();
  await assert.rejects(
    fixture.supervise({ children: fixture.specs("a") }, AbortSignal.abort(new Error("no"))),
    /no/,
  );
  assert.deepEqual(fixture.take(), []);
});

Deno.test("Supervisor.start handles what a child reports meanwhile when all have started", async () => {
  const fixture = new ChildrenFixture();
  fixture.starts.set("b", "slow");
  const starting = fixture.supervise({ children: fixture.specs("a", "b") });
  await turns();
  await fixture.exit("a");
  fixture.enter("b");
  const supervisor = await starting;
  assert.deepEqual(fixture.take(), ["start a1", "up a1", "start b1", "exit a1", "up b1"]);
  await fixture.pass(100);
  assert.deepEqual(fixture.take(), ["start a2", "up a2"]);
  await supervisor.stop();
});

Deno.test("Supervisor handles a child that exits before its start has returned", async () => {
  const fixture = new ChildrenFixture();
  fixture.starts.set("a", "slow");
  const starting = fixture.supervise({ children: fixture.specs("a") });
  await turns();
  await fixture.exit("a");
  fixture.starts.delete("a");
  fixture.enter("a");
  const supervisor = await starting;
  await turns();
  assert.equal(nodeOf(supervisor.state(), "a").state, "restarting");
  await fixture.pass(100);
  assert.deepEqual(fixture.take(), ["start a1", "exit a1", "up a1", "start a2", "up a2"]);
});

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
  const inner = nested(fixture, "inner", { children: fixture.specs("b", "c") });
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
  const deep = nested(fixture, "deep", { children: fixture.specs("leaf", "last") });
  fixture.stops.set("last", "slow");
  const middle = nested(fixture, "middle", { children: [fixture.spec("m"), deep] });
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

Deno.test("Supervisor operations run one after the other, in the order in which they were asked for", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("a", "slow");
  const supervisor = await fixture.supervise({ children: fixture.specs("a") });
  fixture.take();
  const asked = [
    supervisor.remove("a"),
    supervisor.add(fixture.spec("b")),
    supervisor.restart("b"),
    supervisor.add(fixture.spec("a")),
  ];
  await turns();
  assert.deepEqual(fixture.take(), ["stop a1"]);
  fixture.latest("a").finish();
  await Promise.all(asked);
  const steps = [
    "end a1",
    "start b1",
    "up b1",
    "stop b1",
    "end b1",
    "start b2",
    "up b2",
    "start a2",
    "up a2",
  ];
  assert.deepEqual(fixture.take(), steps);
  assert.deepEqual(supervisor.state().children.map(({ id }) => id), ["b", "a"]);
});

Deno.test("Supervisor refuses what is asked for while and after it stops, also what had waited for its turn", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("a", "slow");
  const supervisor = await fixture.supervise({ children: fixture.specs("a", "b") });
  const removing = supervisor.remove("a");
  const queued = assert.rejects(supervisor.add(fixture.spec("c")), TypeError);
  await turns();
  const stopping = supervisor.stop();
  fixture.latest("a").finish();
  await Promise.all([removing, queued, stopping]);
  for (const asked of [supervisor.add(fixture.spec("d")), supervisor.remove("b"), supervisor.restart("b")]) {
    await assert.rejects(
      asked,
      /^TypeError: Cannot (add|remove|restart) "[bd]": supervisor "sup" is stopped$/,
    );
  }
  assert.equal(fixture.incarnations("c").length + fixture.incarnations("d").length, 0);
});

Deno.test("Supervisor refuses operations after it has failed", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({
    intensity: 0,
    onGiveUp: "escalate",
    children: fixture.specs("a"),
  });
  await fixture.exit("a");
  await assert.rejects(supervisor.add(fixture.spec("b")), /is failed/);
  await supervisor.stop();
  assert.equal(supervisor.state().state, "failed");
});

Deno.test("Supervisor says why it failed, with the last failure as cause", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({
    intensity: 0,
    onGiveUp: "escalate",
    children: fixture.specs("a"),
  });
  await fixture.exit("a");
  const [exit] = fixture.exits;
  assert.ok(exit?.kind === "failed" && exit.error instanceof Error);
  assert.equal(exit.error.message, 'Supervisor "sup" gave up: "a" ended after 0 restarts in 10000 ms');
  assert.equal(String(exit.error.cause), "Error: a1 broke");
  assert.equal(supervisor.state().lastFailure?.message, exit.error.message);
});

Deno.test("Supervisor ignores what an earlier incarnation reports", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ intensity: 1, children: fixture.specs("a") });
  const first = fixture.latest("a");
  await supervisor.restart("a");
  first.exit();
  await turns();
  assert.deepEqual([nodeOf(supervisor.state(), "a").state, supervisor.state().details?.["restartsLeft"]], [
    "running",
    1,
  ]);
});

Deno.test("Supervisor counts two failures of one incarnation as one", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ intensity: 1, children: fixture.specs("a") });
  fixture.latest("a").exit();
  fixture.latest("a").exit();
  await turns();
  assert.equal(supervisor.state().state, "running");
});

Deno.test("Supervisor does not stop a child whose exit waits to be handled, and decides about it no more", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("c", "slow");
  const options = { strategy: "one_for_all", intensity: 1, children: fixture.specs("a", "b", "c") } as const;
  const supervisor = await fixture.supervise(options);
  fixture.take();
  await fixture.exit("b");
  await fixture.exit("a");
  fixture.latest("c").finish();
  fixture.stops.delete("c");
  await turns();
  await fixture.pass(100);
  assert.deepEqual(fixture.take(), [
    ...["exit b1", "stop c1", "exit a1", "end c1"],
    ...["start a2", "up a2", "start b2", "up b2", "start c2", "up c2"],
  ]);
  assert.equal(supervisor.state().state, "running");
});

Deno.test("Supervisor.remove of a child that waits cancels its wait", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ children: fixture.specs("a") });
  await fixture.exit("a");
  await supervisor.remove("a");
  assert.deepEqual([fixture.clock.timers, supervisor.state().children], [0, []]);
});

Deno.test("Supervisor.restart of a child that waits starts it now", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ children: fixture.specs("a") });
  await fixture.exit("a");
  await supervisor.restart("a");
  assert.deepEqual([fixture.incarnations("a").length, fixture.clock.timers], [2, 0]);
});

Deno.test("Supervisor.restart that does not start is rejected, and tried again like any failed restart", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.supervise({ children: fixture.specs("a") });
  fixture.starts.set("a", "throws");
  await assert.rejects(
    supervisor.restart("a"),
    /^Error: Cannot restart "a": it did not start: a2 does not start$/,
  );
  assert.equal(nodeOf(supervisor.state(), "a").state, "restarting");
  fixture.starts.delete("a");
  await fixture.pass(100);
  assert.equal(nodeOf(supervisor.state(), "a").state, "running");
});

Deno.test("Supervisor.restart below its own stop is refused", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("a", "slow");
  const supervisor = await fixture.supervise({ children: fixture.specs("a") });
  const refused = assert.rejects(supervisor.restart("a"), /is stopping/);
  await turns();
  const stopping = supervisor.stop();
  fixture.latest("a").finish();
  await Promise.all([refused, stopping]);
  assert.equal(fixture.incarnations("a").length, 1);
});

Deno.test("Supervisor.state is plain data, and a child's own state is in it", async () => {
  const fixture = new ChildrenFixture();
  const inner = nested(fixture, "inner", {
    kind: "service",
    children: [fixture.spec("m", { kind: "method" })],
  });
  const supervisor = await fixture.supervise({
    id: "bank",
    kind: "system",
    children: [fixture.spec("a"), inner],
  });
  await fixture.exit("a");
  const tree = supervisor.state();
  assert.deepEqual(JSON.parse(JSON.stringify(tree)), tree);
  assert.deepEqual(tree, {
    id: "bank",
    kind: "system",
    state: "running",
    restarts: 0,
    details: { strategy: "one_for_one", restartsLeft: 4 },
    children: [
      {
        ...{ id: "a", kind: "worker", state: "restarting", restarts: 0 },
        lastFailure: { message: "a1 broke", atMs: fixture.clock.now() },
        children: [],
      },
      {
        ...{ id: "inner", kind: "service", state: "running", restarts: 0 },
        details: { strategy: "one_for_one", restartsLeft: 5 },
        children: [
          { id: "m", kind: "method", state: "running", restarts: 0, details: { name: "m1" }, children: [] },
        ],
      },
    ],
  });
  await fixture.pass(100);
  assert.deepEqual([nodeOf(supervisor.state(), "a").restarts, nodeOf(supervisor.state(), "a").state], [
    1,
    "running",
  ]);
});

Deno.test("Supervisor.state shows a suspended supervisor below a running one", async () => {
  const fixture = new ChildrenFixture();
  const inner = nested(fixture, "inner", { intensity: 0, onGiveUp: "suspend", children: fixture.specs("a") });
  const supervisor = await fixture.supervise({ children: [inner] });
  await fixture.exit("a");
  const node = nodeOf(supervisor.state(), "inner");
  assert.deepEqual([node.state, node.reopensAtMs], ["suspended", fixture.clock.now() + 10_000]);
  assert.match(node.lastFailure?.message ?? "", /gave up/);
});

Deno.test("Supervisor.state survives a child that cannot tell its own", async () => {
  const fixture = new ChildrenFixture();
  const state = (): never => {
    throw new Error("no idea");
  };
  const broken: ChildSpec = { id: "b", start: () => ({ stop: () => {}, state }) };
  const supervisor = await fixture.supervise({ children: [fixture.spec("a"), broken] });
  assert.deepEqual(nodeOf(supervisor.state(), "b").details, { stateFailed: "no idea" });
});

Deno.test("Supervisor.state forgets the names of those left behind when they end, not their number", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("a", "deaf");
  const supervisor = await fixture.supervise({ children: [fixture.spec("a", { shutdownMs: "brutal" })] });
  const left = fixture.latest("a");
  const removing = supervisor.remove("a");
  await turns();
  await fixture.pass(100);
  await removing;
  assert.deepEqual(supervisor.state().abandoned, { count: 1, running: ["a"] });
  left.finish();
  await turns();
  assert.deepEqual(supervisor.state().abandoned, { count: 1, running: [] });
});

Deno.test("Supervisor tells a child's listener every state, and survives one that throws", async () => {
  const fixture = new ChildrenFixture();
  const told: (readonly [TreeState, number | undefined])[] = [];
  const onState = (state: TreeState, reopensAtMs: number | undefined) => {
    told.push([state, reopensAtMs]);
    throw new Error("listener");
  };
  const records = await recordLogs(async () => {
    const limit = { intensity: 1, periodMs: 1_000 };
    const supervisor = await fixture.supervise({ children: [fixture.spec("a", { limit, onState })] });
    await fixture.exit("a");
    await fixture.pass(100);
    await fixture.exit("a");
    await supervisor.stop();
  });
  const reopensAtMs = fixture.clock.now() + 10_000;
  assert.deepEqual(told, [
    ["starting", undefined],
    ["running", undefined],
    ["restarting", undefined],
    ["starting", undefined],
    ["running", undefined],
    ["suspended", reopensAtMs],
    ["stopped", undefined],
  ]);
  assert.equal(
    eventsOf(records).filter((event) => event === EVENTS.supervisor.listenerFailed).length,
    told.length,
  );
});

Deno.test("Supervisor logs what happens to its children, with their names as properties", async () => {
  const fixture = new ChildrenFixture();
  const records = await recordLogs(async () => {
    const supervisor = await fixture.supervise({ intensity: 1, children: fixture.specs("a") });
    await fixture.exit("a");
    await fixture.pass(100);
    await fixture.exit("a", { kind: "normal" });
    fixture.starts.set("a", "throws");
    await fixture.pass(10_000);
    fixture.starts.delete("a");
    fixture.stops.set("a", "throws");
    await fixture.pass(100);
    await supervisor.stop();
  });
  const { supervisor: events } = EVENTS;
  assert.deepEqual(eventsOf(records), [
    events.childStarted,
    events.childFailed,
    events.childRestarting,
    events.childStarted,
    events.childEnded,
    events.gaveUp,
    events.suspended,
    events.reopens,
    events.startFailed,
    events.childRestarting,
    events.childStarted,
    events.stopFailed,
  ]);
  assert.ok(records.every(({ category }) => category.at(-1) === "supervisor"));
  assert.deepEqual(records[2]?.properties, { supervisor: "sup", child: "a", waitMs: 100, restarts: 1 });
});

Deno.test("Supervisor takes time and chance from the machine where nobody gives them", async () => {
  const fixture = new ChildrenFixture();
  const context = { signal: new AbortController().signal, exited: () => {} };
  const backoff = { initialMs: 2, maxMs: 2 };
  const supervisor = await Supervisor.start({ id: "sup", backoff, children: fixture.specs("a") }, context);
  fixture.latest("a").exit();
  await until(() => fixture.incarnations("a").length === 2);
  await supervisor.stop();
});

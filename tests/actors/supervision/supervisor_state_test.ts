import assert from "node:assert/strict";
import type { ChildSpec } from "../../../actors/supervision/child.ts";
import type { TreeState } from "../../../src/call/tree.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { turns } from "../../helpers/settled.ts";
import { ChildrenFixture, nodeOf } from "../../helpers/children_fixture.ts";

Deno.test("Supervisor.state is plain data, and a child's own state is in it", async () => {
  const fixture = new ChildrenFixture();
  const inner = fixture.nested("inner", {
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
  const inner = fixture.nested("inner", { intensity: 0, onGiveUp: "suspend", children: fixture.specs("a") });
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

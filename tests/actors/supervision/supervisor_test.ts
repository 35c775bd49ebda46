import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { Supervisor } from "../../../actors/supervision/supervisor.ts";
import { turns, until } from "../../helpers/settled.ts";
import { ChildrenFixture, nodeOf } from "../../helpers/children_fixture.ts";

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

Deno.test("Supervisor takes time and chance from the machine where nobody gives them", async () => {
  const fixture = new ChildrenFixture();
  const context = { signal: new AbortController().signal, exited: () => {} };
  const backoff = { initialMs: 2, maxMs: 2 };
  const supervisor = await Supervisor.start({ id: "sup", backoff, children: fixture.specs("a") }, context);
  fixture.latest("a").exit();
  await until(() => fixture.incarnations("a").length === 2);
  await supervisor.stop();
});

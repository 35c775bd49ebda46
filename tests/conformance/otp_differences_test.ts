/** OTP's supervision, where we differ on purpose. About the suite: `otp_strategies_test.ts`. */
import assert from "node:assert/strict";
import { turns } from "../helpers/settled.ts";
import { ChildrenFixture, nodeOf } from "../helpers/children_fixture.ts";

// Where we differ

Deno.test("Supervisor differs: it waits before each restart, longer each time, by chance, and less after quiet", async () => {
  const fixture = new ChildrenFixture();
  await fixture.supervise({ intensity: 100, children: fixture.specs("a") });
  const waited: number[] = [];
  for (const random of [1, 1, 1, 0.25, 1, 1, 1, 1, 1]) {
    fixture.random = random;
    await fixture.exit("a");
    const lives = fixture.incarnations("a").length;
    let ms = 0;
    for (; fixture.incarnations("a").length === lives; ms += 25) await fixture.pass(25);
    waited.push(ms);
  }
  assert.deepEqual(waited, [100, 200, 400, 200, 1_600, 3_200, 6_400, 10_000, 10_000]);
  await fixture.pass(10_000);
  await fixture.exit("a");
  await fixture.pass(100);
  assert.equal(fixture.incarnations("a").length, 11);
});

Deno.test("Supervisor differs: one that gives up may suspend itself, and starts everything again later", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.superviseAsOtp({
    intensity: 0,
    onGiveUp: "suspend",
    children: fixture.specs("a", "b"),
  });
  fixture.take();
  await fixture.fail("a");
  assert.deepEqual([fixture.take(), fixture.exits], [["exit a1", "stop b1", "end b1"], []]);
  const reopensAtMs = fixture.clock.now() + 10_000;
  assert.deepEqual([supervisor.state().state, supervisor.state().reopensAtMs], ["suspended", reopensAtMs]);
  await fixture.pass(9_999);
  assert.deepEqual(fixture.take(), []);
  await fixture.pass(1);
  assert.deepEqual(fixture.take(), ["start a2", "up a2", "start b2", "up b2"]);
  assert.equal(supervisor.state().state, "running");
});

Deno.test("Supervisor differs: giving up is a failure, not a shutdown, so a transient supervisor comes back", async () => {
  const fixture = new ChildrenFixture();
  const inner = fixture.nested("inner", { intensity: 0, children: fixture.specs("a") }, {
    restart: "transient",
  });
  await fixture.superviseAsOtp({ children: [inner] });
  await fixture.fail("a");
  assert.equal(fixture.incarnations("a").length, 2);
});

Deno.test("Supervisor differs: a child may have a limit of its own, and is suspended alone", async () => {
  const fixture = new ChildrenFixture();
  const limit = { intensity: 1, periodMs: 10_000 };
  const supervisor = await fixture.superviseAsOtp({
    intensity: 0,
    children: [fixture.spec("a", { limit }), fixture.spec("b")],
  });
  await fixture.fail("a");
  await fixture.fail("a");
  assert.equal(nodeOf(supervisor.state(), "a").state, "suspended");
  assert.deepEqual([supervisor.state().state, nodeOf(supervisor.state(), "b").state], ["running", "running"]);
});

Deno.test("Supervisor differs: what does not stop cannot be killed: it is left behind, counted and named", async () => {
  const fixture = new ChildrenFixture();
  fixture.stops.set("a", "deaf");
  const supervisor = await fixture.superviseAsOtp({
    strategy: "one_for_all",
    children: fixture.specs("a", "b"),
  });
  fixture.take();
  await fixture.exit("b");
  await fixture.pass(5_100);
  await fixture.pass(0);
  assert.deepEqual(fixture.take(), ["exit b1", "stop a1", "start a2", "up a2", "start b2", "up b2"]);
  assert.deepEqual(supervisor.state().abandoned, { count: 1, running: ["a"] });
});

Deno.test("Supervisor differs: a start has a time limit too", async () => {
  const fixture = new ChildrenFixture();
  fixture.starts.set("b", "slow");
  const starting = assert.rejects(
    fixture.superviseAsOtp({ children: fixture.specs("a", "b") }),
    /"b" did not start within 30000 ms/,
  );
  await turns();
  await fixture.pass(30_000);
  await starting;
  assert.deepEqual(fixture.take(), ["start a1", "up a1", "start b1", "stop a1", "end a1"]);
});

Deno.test("Supervisor differs: a running child can be restarted too", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.superviseAsOtp({
    strategy: "one_for_all",
    children: fixture.specs("a", "b"),
  });
  fixture.take();
  await supervisor.restart("a");
  assert.deepEqual(fixture.take(), ["stop a1", "end a1", "start a2", "up a2"]);
});

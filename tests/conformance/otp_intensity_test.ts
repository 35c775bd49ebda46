/** OTP's supervision, when a supervisor gives up. About the suite: `otp_strategies_test.ts`. */
import assert from "node:assert/strict";
import { ChildrenFixture } from "../helpers/children_fixture.ts";

// Maximum Restart Intensity

Deno.test("Supervisor gives up at one restart more than its intensity: children end in reverse, then it", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.superviseAsOtp({
    intensity: 2,
    periodMs: 5_000,
    children: fixture.specs("a", "b", "c"),
  });
  await fixture.fail("b");
  await fixture.fail("a");
  assert.deepEqual([supervisor.state().state, fixture.exits], ["running", []]);
  fixture.take();
  await fixture.fail("b");
  assert.deepEqual(fixture.take(), ["exit b2", "stop c1", "end c1", "stop a2", "end a2"]);
  assert.deepEqual([supervisor.state().state, fixture.exits.length], ["failed", 1]);
});

Deno.test("Supervisor counts restarts within the last period only, both of its ends included", async () => {
  for (const [laterMs, givesUp] of [[5_000, true], [5_001, false]] as const) {
    const fixture = new ChildrenFixture();
    await fixture.superviseAsOtp({ intensity: 2, periodMs: 5_000, children: fixture.specs("a") });
    await fixture.fail("a");
    await fixture.pass(3_000);
    await fixture.fail("a");
    await fixture.pass(laterMs - 3_000);
    await fixture.fail("a");
    assert.equal(fixture.exits.length, givesUp ? 1 : 0, `${laterMs} ms after the first`);
  }
});

Deno.test("Supervisor with intensity 0 gives up at the first failure", async () => {
  const fixture = new ChildrenFixture();
  await fixture.superviseAsOtp({ intensity: 0, children: fixture.specs("a", "b") });
  fixture.take();
  await fixture.fail("a");
  assert.deepEqual([fixture.take(), fixture.exits.length], [["exit a1", "stop b1", "end b1"], 1]);
});

Deno.test("Supervisor counts a restart of many children as one", async () => {
  const fixture = new ChildrenFixture();
  await fixture.superviseAsOtp({
    strategy: "one_for_all",
    intensity: 2,
    children: fixture.specs("a", "b", "c"),
  });
  await fixture.fail("a");
  await fixture.fail("c");
  assert.equal(fixture.exits.length, 0);
  await fixture.fail("b");
  assert.equal(fixture.exits.length, 1);
});

Deno.test("Supervisor that gave up is restarted by its parent, until that gives up too: intensities multiply", async () => {
  const fixture = new ChildrenFixture();
  const inner = fixture.nested("inner", { intensity: 1, children: fixture.specs("a") });
  await fixture.superviseAsOtp({ intensity: 2, children: [inner] });
  for (let failures = 1; failures <= 6; failures++) {
    assert.equal(fixture.exits.length, 0, `after ${failures - 1} failures`);
    await fixture.fail("a");
  }
  assert.equal(fixture.exits.length, 1);
  assert.equal(fixture.incarnations("a").length, 6);
});

// Manual page, and the reason given in Maximum Restart Intensity: no endless loop of starts that fail.
Deno.test("Supervisor tries a restart that fails again, and counts each", async () => {
  const fixture = new ChildrenFixture();
  await fixture.superviseAsOtp({ intensity: 3, children: fixture.specs("a", "b") });
  fixture.starts.set("a", "throws");
  fixture.take();
  await fixture.exit("a");
  for (let tries = 0; tries < 5; tries++) await fixture.pass(0);
  assert.deepEqual(fixture.take(), ["exit a1", "start a2", "start a3", "start a4", "stop b1", "end b1"]);
  assert.equal(fixture.exits.length, 1);
});

Deno.test("Supervisor one_for_all ends what it had started again when a later start fails, and begins anew", async () => {
  const fixture = new ChildrenFixture();
  await fixture.superviseAsOtp({
    strategy: "one_for_all",
    intensity: 3,
    children: fixture.specs("a", "b", "c"),
  });
  fixture.starts.set("b", "throws");
  fixture.take();
  await fixture.fail("c");
  assert.deepEqual(fixture.take().slice(5), ["start a2", "up a2", "start b2", "stop a2", "end a2"]);
  fixture.starts.delete("b");
  await fixture.pass(0);
  assert.deepEqual(fixture.take(), ["start a3", "up a3", "start b3", "up b3", "start c2", "up c2"]);
});

Deno.test("Supervisor rest_for_one keeps what comes before the start that failed, and goes on from there", async () => {
  const fixture = new ChildrenFixture();
  await fixture.superviseAsOtp({
    strategy: "rest_for_one",
    intensity: 3,
    children: fixture.specs("a", "b", "c"),
  });
  fixture.starts.set("b", "throws");
  fixture.take();
  await fixture.fail("a");
  assert.deepEqual(fixture.take().slice(5), ["start a2", "up a2", "start b2"]);
  fixture.starts.delete("b");
  await fixture.pass(0);
  assert.deepEqual(fixture.take(), ["start b3", "up b3", "start c2", "up c2"]);
});

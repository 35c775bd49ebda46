/**
 * OTP's supervision, rule by rule, after its published principles: https://www.erlang.org/doc/system/sup_princ.html
 * (sections are named by their titles there) and, where it says so, the manual page of `supervisor` in STDLIB. This file
 * and the other `otp_*_test.ts` beside it are the suite.
 *
 * Waits before restarts are set to 0, as OTP has none; `otp_differences_test.ts` states where we differ on purpose. Not
 * taken over are `simple_one_for_one` (a directory of cells does its work) and automatic shutdown by significant
 * children.
 */
import assert from "node:assert/strict";
import { turns } from "../helpers/settled.ts";
import { ChildrenFixture } from "../helpers/children_fixture.ts";

// Supervision Principles

Deno.test("Supervisor starts its children in the order of their specs and stops them in reverse", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.superviseAsOtp({ children: fixture.specs("a", "b", "c") });
  assert.deepEqual(fixture.take(), ["start a1", "up a1", "start b1", "up b1", "start c1", "up c1"]);
  await supervisor.stop();
  assert.deepEqual(fixture.take(), ["stop c1", "end c1", "stop b1", "end b1", "stop a1", "end a1"]);
});

// Starting a Supervisor

Deno.test("Supervisor.start does not return before all children have started", async () => {
  const fixture = new ChildrenFixture();
  fixture.starts.set("b", "slow");
  let started = false;
  const starting = fixture.superviseAsOtp({ children: fixture.specs("a", "b", "c") }).finally(() =>
    started = true
  );
  await turns();
  assert.deepEqual([started, fixture.take()], [false, ["start a1", "up a1", "start b1"]]);
  fixture.enter("b");
  await starting;
  assert.deepEqual(fixture.take(), ["up b1", "start c1", "up c1"]);
});

// Manual page, start_link: what was started is ended again, and the start fails.
Deno.test("Supervisor.start fails when a child does not start, and ends those before it in reverse", async () => {
  const fixture = new ChildrenFixture();
  fixture.starts.set("c", "throws");
  await assert.rejects(
    fixture.superviseAsOtp({ children: fixture.specs("a", "b", "c", "d") }),
    /c1 does not start/,
  );
  assert.deepEqual(fixture.take().slice(4), ["start c1", "stop b1", "end b1", "stop a1", "end a1"]);
});

// Restart Strategy

Deno.test("Supervisor one_for_one restarts only the child that ended", async () => {
  const fixture = new ChildrenFixture();
  await fixture.superviseAsOtp({ strategy: "one_for_one", children: fixture.specs("a", "b", "c") });
  fixture.take();
  await fixture.fail("b");
  assert.deepEqual(fixture.take(), ["exit b1", "start b2", "up b2"]);
});

Deno.test("Supervisor one_for_all ends all other children, then starts all again", async () => {
  const fixture = new ChildrenFixture();
  await fixture.superviseAsOtp({ strategy: "one_for_all", children: fixture.specs("a", "b", "c") });
  fixture.take();
  await fixture.fail("b");
  const ends = ["stop c1", "end c1", "stop a1", "end a1"];
  const starts = ["start a2", "up a2", "start b2", "up b2", "start c2", "up c2"];
  assert.deepEqual(fixture.take(), ["exit b1", ...ends, ...starts]);
});

Deno.test("Supervisor rest_for_one ends the children started after it, then starts it and them again", async () => {
  const fixture = new ChildrenFixture();
  await fixture.superviseAsOtp({ strategy: "rest_for_one", children: fixture.specs("a", "b", "c", "d") });
  fixture.take();
  await fixture.fail("b");
  const ends = ["stop d1", "end d1", "stop c1", "end c1"];
  const starts = ["start b2", "up b2", "start c2", "up c2", "start d2", "up d2"];
  assert.deepEqual(fixture.take(), ["exit b1", ...ends, ...starts]);
});

Deno.test("Supervisor restarts one_for_one where no strategy is given", async () => {
  const fixture = new ChildrenFixture();
  const supervisor = await fixture.superviseAsOtp({ children: fixture.specs("a", "b") });
  assert.equal(supervisor.state().details?.["strategy"], "one_for_one");
});

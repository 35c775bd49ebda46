// deno-lint-ignore-file no-console -- says what a busy machine kept it from asserting
import assert from "node:assert/strict";
import { sharedNameServer } from "../broker/shared.ts";
import { beganTwice, eventsOf, secondRunsAsFresh, slowest } from "./audit.ts";
import type { CalleeProcess } from "./callee_process.ts";
import { failures } from "./load.ts";
import { openStage } from "./stage.ts";

/** How soon the queues of a dead owner must be served again, in milliseconds. */
const SERVED_AGAIN_MS = 5_000;

Deno.test("takeover: a callee killed under load is replaced by another within 5 s, and only what had started is suspect", async () => {
  await using stage = await openStage(sharedNameServer(), "killed");
  const killed = await stage.callee();
  const survivor = await stage.callee();
  const load = stage.load(64, 50);
  await load.reaches(300);
  await killed.pauseAtWork("once");

  const killedAt = performance.now();
  await killed.kill();
  await load.reaches(load.made + 500);
  const settled = await load.stop();

  const after = settled.filter(({ endedAtMs }) => endedAtMs >= killedAt);
  const limit = SERVED_AGAIN_MS + stage.pulse.allowance(killedAt);
  assert.ok(slowest(after) < limit, `the slowest call took ${slowest(after)} ms of ${limit}`);
  const [dead, alive] = await eventsOf(killed, survivor);
  assert.ok(dead !== undefined && alive !== undefined);
  assert.deepEqual(beganTwice([dead, alive]), []);

  // What may have run is exactly what the dead owner had started and not finished, and it is in the dead letters.
  const open = dead.ran.filter(({ method, n }) => method === "once" && !dead.done.has(`once ${n}`));
  const letters = await stage.deadLetters();
  for (const { callId } of open) assert.equal(letters.get(callId), "may have run; attempts: 1", callId);
  for (const [callId, reason] of letters) {
    assert.equal(reason, "may have run; attempts: 1");
    assert.ok(dead.asked.has(callId), `${callId} never started`);
  }
  // Every call settled: nothing stored was lost, and what failed is what may have run.
  assert.equal(settled.length, load.made);
  assert.deepEqual(failures(settled), letters.size === 0 ? {} : { "internal/sent_unknown": letters.size });
  // Idempotent calls that had started ran again, as what they are: the second attempt.
  for (const { method, n, attempt, callId } of alive.ran) {
    if (method === "idempotent" && attempt > 1) assert.ok(dead.asked.has(callId), `${n} never started`);
  }
  assert.ok(open.length > 0, "the kill hit no running handler: the test proved nothing");
});

Deno.test("takeover: a new process serves the queues of a dead one within 5 s, though the broker still locks them", async () => {
  await using stage = await openStage(sharedNameServer(), "replaced");
  const killed = await stage.callee();
  const load = stage.load(32, 10);
  await load.reaches(200);
  await killed.kill();

  const successor = await stage.callee();
  const since = successor.beganAtMs;
  const made = load.made;
  await load.reaches(made + 100);
  const settled = await load.stop();
  const firstAfter = Math.min(
    ...settled.filter(({ endedAtMs }) => endedAtMs > since).map(({ endedAtMs }) => endedAtMs),
  );
  assert.ok(
    firstAfter - since < SERVED_AGAIN_MS + stage.pulse.allowance(since),
    `the first call ended ${firstAfter - since} ms after the start`,
  );

  const events = await eventsOf(killed, successor);
  assert.deepEqual(beganTwice(events), []);
  await successor.owns(16);
  assert.equal(failures(settled)["internal/sent_unknown"] ?? 0, (await stage.deadLetters()).size);
});

Deno.test("takeover: hand-over to a second callee and back loses nothing and runs nothing twice", async () => {
  await using stage = await openStage(sharedNameServer(), "handover");
  const first = await stage.callee();
  const begunAt = performance.now();
  const load = stage.load(64, 5);
  await load.reaches(300);
  const second = await stage.callee();
  await load.reaches(load.made + 500);
  await first.owns(8);
  await second.owns(8);
  await first.stop();
  await load.reaches(load.made + 500);
  const settled = await load.stop();

  const events = await eventsOf(first, second);
  assert.deepEqual(beganTwice(events), []);
  assert.equal(settled.length, load.made);
  const suspect = (await stage.deadLetters()).size;
  assert.deepEqual(failures(settled), suspect === 0 ? {} : { "internal/sent_unknown": suspect });
  const lost = events.flatMap((callee) => callee.lost);
  // Where the machine pauses, an owner loses its queues before it can hand them over, and what had started is suspect.
  if (lost.length > 0) console.warn(`A hand-over between pauses of the machine: ${lost.join("; ")}`);
  assert.deepEqual(lost.filter((reason) => !/^The broker has not answered for/.test(reason)), []);
  if (lost.length === 0) {
    assert.equal(suspect, 0);
    const began = events.flatMap(({ ran }) => ran.map(({ n }) => n));
    assert.equal(new Set(began).size, began.length, "a call ran twice");
  }
  const limit = SERVED_AGAIN_MS + stage.pulse.allowance(begunAt);
  assert.ok(slowest(settled) < limit, `the slowest call took ${slowest(settled)} ms of ${limit}`);
});

Deno.test("takeover: a reply that was stored before the owner died is found and sent again, its handler is not run", async () => {
  await using stage = await openStage(sharedNameServer(), "found");
  const forgetful = await stage.callee("--drop-acks");
  const load = stage.loadOnce(16, 1);
  await load.reaches(150);
  const settled = await load.stop();
  assert.deepEqual(failures(settled), {});
  await forgetful.kill();

  const successor = await stage.callee();
  const answered = await settledState(successor, settled.length);
  assert.equal(answered.foundAgain, settled.length);
  assert.deepEqual((await successor.events()).ran, []);
  assert.equal((await stage.deadLetters()).size, 0);
});

Deno.test("takeover: an owner that was paused gives its queues up and takes them again, running nothing twice", async () => {
  await using stage = await openStage(sharedNameServer(), "paused");
  const paused = await stage.callee();
  const load = stage.load(32, 20);
  await load.reaches(200);
  paused.pause();
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  paused.resume();
  const resumedAt = performance.now();
  await load.reaches(load.made + 300);
  const settled = await load.stop();
  const after = settled.filter(({ endedAtMs }) => endedAtMs > resumedAt);
  const servedAfter = Math.min(...after.map(({ endedAtMs }) => endedAtMs)) - resumedAt;
  assert.ok(servedAfter < SERVED_AGAIN_MS + stage.pulse.allowance(resumedAt), `${servedAfter} ms`);

  const [events] = await eventsOf(paused);
  assert.ok(events !== undefined);
  assert.deepEqual(beganTwice([events]), []);
  assert.deepEqual(secondRunsAsFresh([events]), []);
  assert.equal(settled.length, load.made);
  assert.equal(failures(settled)["internal/sent_unknown"] ?? 0, (await stage.deadLetters()).size);
});

/** Polls until the callee has found that many replies again: all that its predecessor had answered. */
async function settledState(callee: CalleeProcess, found: number): ReturnType<CalleeProcess["state"]> {
  for (const until = performance.now() + 60_000;;) {
    const state = await callee.state();
    if (state.foundAgain >= found && state.unsettled === 0) return state;
    assert.ok(performance.now() < until, `only ${state.foundAgain} of ${found} replies were found`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

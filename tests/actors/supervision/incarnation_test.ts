import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import type { Child, ChildSpec, StartContext } from "../../../actors/supervision/child.ts";
import { Incarnation, type IncarnationEvents } from "../../../actors/supervision/incarnation.ts";
import { checkSpec } from "../../../actors/supervision/supervision.ts";
import { createDeferred } from "../../../src/async/deferred.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

/** An incarnation that writes down what it reports. */
class Bench {
  readonly clock = new ManualClock();
  readonly reports: string[] = [];
  readonly life: Incarnation;
  context: StartContext | undefined;

  constructor(start: (context: StartContext) => Child | Promise<Child>, more: Partial<ChildSpec> = {}) {
    const events: IncarnationEvents = {
      exited: (_, { kind }) => void this.reports.push(`exited ${kind}`),
      stopFailed: (_, error) => void this.reports.push(`stopFailed ${String(error)}`),
      abandoned: (_, what, ms) => void this.reports.push(`abandoned ${what} ${ms}`),
      abandonedEnded: () => void this.reports.push("abandonedEnded"),
    };
    const spec: ChildSpec = { id: "a", start: (context) => start(this.context = context), ...more };
    this.life = new Incarnation(checkSpec(spec), this.clock, events);
  }
}

Deno.test("Incarnation.stop takes its timer back when the child stops in time", async () => {
  const bench = new Bench(() => ({ stop: () => {} }));
  await bench.life.start();
  assert.equal(bench.clock.timers, 0);
  await bench.life.stop();
  assert.deepEqual([bench.clock.timers, bench.reports], [0, []]);
});

Deno.test("Incarnation.stop asks the child once, however often it is called", async () => {
  let asked = 0;
  const bench = new Bench(() => ({ stop: () => void asked++ }));
  await bench.life.start();
  await Promise.all([bench.life.stop(), bench.life.stop(), bench.life.stop(true)]);
  assert.equal(asked, 1);
});

Deno.test("Incarnation.stop leaves a child behind that does not end 100 ms after its signal, until it ends", async () => {
  const end = createDeferred<void>();
  let signal: AbortSignal | undefined;
  const child: Child = { stop: (options) => (signal = options.signal, end.promise) };
  const bench = new Bench(() => child, { shutdownMs: 300 });
  await bench.life.start();
  let stopped = false;
  const stopping = bench.life.stop().then(() => stopped = true);
  bench.clock.advance(300);
  await turns();
  assert.deepEqual([signal?.aborted, stopped, String(signal?.reason)], [
    true,
    false,
    'Error: Child "a" had 300 ms to stop',
  ]);
  bench.clock.advance(100);
  await stopping;
  assert.deepEqual([bench.reports, bench.clock.timers], [["abandoned stop 300"], 0]);
  end.resolve();
  await turns();
  assert.deepEqual(bench.reports.slice(1), ["abandonedEnded"]);
});

Deno.test("Incarnation left behind that reports its exit, or fails, has ended, once", async () => {
  const end = createDeferred<void>();
  const bench = new Bench(() => ({ stop: () => end.promise }), { shutdownMs: "brutal" });
  await bench.life.start();
  const stopping = bench.life.stop();
  bench.clock.advance(100);
  await stopping;
  bench.context?.exited({ kind: "failed", error: "late" });
  end.reject(new Error("later"));
  await turns();
  assert.deepEqual(bench.reports, ["abandoned stop 0", "abandonedEnded", "stopFailed Error: later"]);
});

Deno.test("Incarnation.hurry ends the time of a stop under way", async () => {
  const bench = new Bench(() => ({ stop: ({ signal }) => aborted(signal) }));
  await bench.life.start();
  const stopping = bench.life.stop();
  await turns();
  bench.life.hurry();
  await stopping;
  assert.deepEqual([bench.reports, bench.clock.timers], [[], 0]);
});

Deno.test("Incarnation.start gives a start up in time, and stops what it yields later", async () => {
  const late = createDeferred<Child>();
  const bench = new Bench(() => late.promise, { startMs: 1_000 });
  const starting = assert.rejects(bench.life.start(), /"a" did not start within 1000 ms/);
  bench.clock.advance(1_000);
  assert.equal(bench.context?.signal.aborted, true);
  bench.clock.advance(100);
  await starting;
  assert.deepEqual([bench.reports, bench.clock.timers], [["abandoned start 1000"], 0]);
  let killed = false;
  late.resolve({ stop: ({ signal }) => void (killed = signal.aborted) });
  await turns();
  assert.deepEqual([killed, bench.reports.slice(1)], [true, ["abandonedEnded"]]);
});

Deno.test("Incarnation.start stops a child that comes after its signal but before it is given up", async () => {
  const late = createDeferred<Child>();
  const bench = new Bench(() => late.promise, { startMs: 1_000 });
  const starting = assert.rejects(bench.life.start(), /did not start within/);
  bench.clock.advance(1_050);
  let stops = 0;
  late.resolve({ stop: () => void stops++ });
  await starting;
  assert.deepEqual([stops, bench.reports, bench.clock.timers], [1, [], 0]);
});

Deno.test("Incarnation.stop takes a start back, and waits for it as long as for a stop", async () => {
  const late = createDeferred<Child>();
  const bench = new Bench(() => late.promise, { shutdownMs: 300 });
  const starting = assert.rejects(bench.life.start(), /"a" was stopped while it started/);
  let stopped = false;
  const stopping = bench.life.stop().then(() => stopped = true);
  bench.clock.advance(399);
  await turns();
  assert.deepEqual([bench.context?.signal.aborted, stopped], [true, false]);
  bench.clock.advance(1);
  await Promise.all([starting, stopping]);
  assert.deepEqual([bench.reports, bench.clock.timers], [["abandoned stop 300"], 0]);
  late.reject(bench.context?.signal.reason);
  await turns();
  assert.deepEqual(bench.reports.slice(1), ["abandonedEnded"]);
});

Deno.test("Incarnation.stop from within its own start takes that start back", async () => {
  let stops = 0;
  let stopping: Promise<void> | undefined;
  const bench = new Bench(() => {
    stopping = bench.life.stop();
    return { stop: () => void stops++ };
  });
  await assert.rejects(bench.life.start(), /was stopped while it started/);
  await stopping;
  assert.deepEqual([stops, bench.clock.timers], [1, 0]);
});

Deno.test("Incarnation reports the first exit only, and none of a child that is being stopped", async () => {
  const bench = new Bench(() => ({ stop: () => {} }));
  await bench.life.start();
  bench.context?.exited({ kind: "normal" });
  bench.context?.exited({ kind: "failed", error: "again" });
  assert.deepEqual(bench.reports, ["exited normal"]);

  const other = new Bench(() => ({ stop: () => {} }));
  await other.life.start();
  await other.life.stop();
  other.context?.exited({ kind: "failed", error: "too late" });
  assert.deepEqual(other.reports, ["stopFailed too late"]);
});

Deno.test("Incarnation that exited by itself is not told to stop", async () => {
  let stops = 0;
  const bench = new Bench(() => ({ stop: () => void stops++ }));
  await bench.life.start();
  bench.context?.exited({ kind: "normal" });
  await bench.life.stop();
  assert.equal(stops, 0);
});

Deno.test("Incarnation says for how long it has run", async () => {
  const bench = new Bench(() => ({ stop: () => {} }));
  bench.clock.advance(50);
  assert.equal(bench.life.ranMs, 0);
  await bench.life.start();
  bench.clock.advance(70);
  assert.equal(bench.life.ranMs, 70);
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

Deno.test("Incarnation leaves no listener on the signals that it hands out", async () => {
  let stop: AbortSignal | undefined;
  const bench = new Bench(() => ({ stop: ({ signal }) => void (stop = signal) }));
  await bench.life.start();
  await bench.life.stop();
  assert.ok(stop && bench.context);
  assert.deepEqual([stop, bench.context.signal].map((signal) => getEventListeners(signal, "abort").length), [
    0,
    0,
  ]);
});

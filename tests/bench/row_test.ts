import assert from "node:assert/strict";
import { chartOf } from "../../bench/broker/chart.ts";
import type { Load } from "../../bench/broker/load.ts";
import type { Measured } from "../../bench/broker/pair.ts";
import { type Run, toMarkdown } from "../../bench/broker/report.ts";
import { ratiosOf, type Row, rowOf } from "../../bench/broker/row.ts";
import { settingsFrom } from "../../bench/broker/settings.ts";
import { toSvg } from "../../bench/plot.ts";

const LOAD: Load = { kind: "closed", inFlight: 64 };
const MIB = 1024 * 1024;

function measured(calls: number, p50Ms: number, serverUs: number | undefined, failed = 0): Measured {
  const times = { p50Ms, p99Ms: p50Ms * 2, p999Ms: p50Ms * 3, lateP99Ms: 0 };
  return {
    window: { calls, failed, seconds: 2, ...times, anError: failed > 0 ? "Error: late" : "" },
    cpuUs: { requester: 10, server: serverUs, responder: 20 },
    residentBytes: { requester: 90 * MIB, server: 600 * MIB, responder: 80 * MIB },
    others: serverUs === undefined ? undefined : 0.125,
  };
}

const ours: Row = rowOf({ peer: "ours", load: LOAD, body: 128 }, [
  measured(8_000, 2, 5),
  measured(6_000, 4, 7),
  measured(9_000, 3, 6, 2),
]);
const java: Row = rowOf({ peer: "java", load: LOAD, body: 128 }, [
  measured(2_000, 6, undefined),
  measured(2_000, 6, 5),
]);

const run: Run = {
  date: "2026-11-21 10:00",
  machine: {
    ...{ cores: 2, model: "A processor", os: "linux 6", loadBefore: 0.5 },
    ...{ deno: "2.9.6", java: "17", go: "1.26" },
  },
  rocketMq: "5.5.0",
  settings: settingsFrom(["--peers", "ours,java"]),
  peers: { ours: "what we do", java: "what they do" },
  leftOut: ["go: there is no Go"],
  rows: [ours, java],
};

Deno.test("rowOf() gives medians with least and greatest, and adds failures up", () => {
  assert.deepEqual(ours.callsPerSecond, { median: 4_000, min: 3_000, max: 4_500 });
  assert.deepEqual(ours.p50Ms, { median: 3, min: 2, max: 4 });
  assert.deepEqual(ours.p999Ms, { median: 9, min: 6, max: 12 });
  assert.deepEqual(ours.cpuUs.server, { median: 6, min: 5, max: 7 });
  assert.equal(ours.mib.server?.median, 600);
  assert.equal(ours.othersPercent?.median, 12.5);
  assert.equal(ours.failed, 2);
  assert.deepEqual(ours.errors, ["Error: late"]);
});

Deno.test("rowOf() has no figure that some round lacks", () => {
  assert.equal(java.cpuUs.server, undefined);
  assert.equal(java.othersPercent, undefined);
  assert.equal(java.cpuUs.requester?.median, 10);
});

Deno.test("ratiosOf() compares by medians with the same load and body of another peer", () => {
  assert.deepEqual(ratiosOf([ours, java], "java"), [{ row: ours, callsPerSecond: 4, p50: 0.5 }]);
  assert.deepEqual(ratiosOf([ours, java], "nats"), []);
  assert.deepEqual(ratiosOf([ours, { ...java, load: { kind: "closed", inFlight: 1 } }], "java"), []);
  assert.deepEqual(ratiosOf([ours, { ...java, load: { kind: "open", perSecond: 64 } }], "java"), []);
  assert.deepEqual(ratiosOf([ours, { ...java, body: 1_024 }], "java"), []);
});

Deno.test("toMarkdown() shows settings, peers, who was left out, figures, ratios and errors", () => {
  const text = toMarkdown(run);
  assert.match(text, /2 cores, A processor, linux 6; load before: 0\.50/);
  assert.match(text, /- `ours`: what we do\n- `java`: what they do\n- left out: go: there is no Go\n/);
  const figures = ["4000 (3000–4500)", "3.00 (2.00–4.00)", "6.00 (4.00–8.00)", "9.00 (6.00–12.00)"];
  const costs = ["10", "6", "20", "90 / 600 / 80", "12.5", "2"];
  assert.ok(text.includes(`| ours | 64 | ${[...figures, ...costs].join(" | ")} |`), text);
  assert.match(text, /\| java \| 64 \|.*\| 10 \| unknown \| 20 \| 90 \/ 600 \/ 80 \| unknown \| 0 \|/);
  assert.match(text, /\| ours \| 64 \| 4\.00 × \| 0\.50 × \|/);
  assert.match(text, /- ours, 128 bytes, closed 64: Error: late/);
});

Deno.test("toMarkdown() of an open loop shows what was offered, and how late calls began", () => {
  const load: Load = { kind: "open", perSecond: 500 };
  const rows = [rowOf({ peer: "ours", load, body: 128 }, [measured(1_000, 2, 5)])];
  const settings = settingsFrom(["--peers", "ours", "--rate", "500"]);
  const text = toMarkdown({ ...run, settings, rows });
  assert.match(text, /calls offered per second: 500;/);
  assert.match(text, /\| peer \| offered\/s \|.*\| begun late p99 ms \|/);
});

Deno.test("chartOf() draws a curve for each peer over the calls in flight, on logarithmic axes", () => {
  const more: Row = { ...ours, load: { kind: "closed", inFlight: 256 } };
  const plot = chartOf({ date: run.date, rows: [ours, more, java] }, 128);
  assert.deepEqual(plot.ticks, [64, 256]);
  assert.deepEqual(plot.panels[0]?.curves.map(({ name, points }) => [name, points]), [
    ["ours", [[64, 4_000], [256, 4_000]]],
    ["java", [[64, 1_000]]],
  ]);
  // Java's server is not known, so what a call cost in all is not either.
  assert.deepEqual(plot.panels.at(-1)?.curves.map(({ points }) => points.length), [2, 0]);
  const svg = toSvg(plot);
  assert.match(svg, /^<svg [^]*Echo of 128 bytes[^]*<\/svg>\n$/);
  assert.doesNotMatch(svg, /NaN|Infinity/);
});

import assert from "node:assert/strict";
import type { Measured } from "../../../bench/broker/pair.ts";
import { rowOf } from "../../../bench/broker/row.ts";
import type { SizeRow } from "../../../bench/growth/measure.ts";
import { chartOf, type Run, toMarkdown } from "../../../bench/growth/report.ts";
import { SCENARIOS } from "../../../bench/growth/scenarios.ts";
import { settingsFrom } from "../../../bench/growth/settings.ts";
import { toSvg } from "../../../bench/plot.ts";

const MIB = 1024 * 1024;

function measured(cpuUs: number): Measured {
  const times = { p50Ms: 2, p99Ms: 4, p999Ms: 8, lateP99Ms: 0 };
  return {
    window: { calls: 1_000, failed: 0, seconds: 2, ...times, anError: "" },
    cpuUs: { requester: cpuUs, server: cpuUs, responder: cpuUs },
    residentBytes: { requester: 90 * MIB, server: 600 * MIB, responder: 80 * MIB },
    others: 0,
  };
}

function sized(size: number, cpuUs: number, again = false): SizeRow {
  const row = rowOf({ peer: "services", load: { kind: "closed", inFlight: 64 }, body: 128 }, [
    measured(cpuUs),
  ]);
  return { size, again, startUpMs: 1_500, row };
}

const run: Run = {
  date: "2026-11-21 10:00",
  machine: {
    ...{ cores: 2, model: "A processor", os: "linux 6", loadBefore: 0.5 },
    ...{ deno: "2.9.6", java: "17", go: "1.26" },
  },
  rocketMq: "5.5.0",
  settings: settingsFrom([]),
  grown: [{
    name: "services",
    scenario: SCENARIOS.services,
    rows: [sized(1, 10), sized(1_000, 12), sized(1, 11, true)],
  }],
  backlog: {
    count: 1_000,
    stored: measured(5),
    firstRunMs: 750,
    drained: measured(7),
    beside: measured(9),
  },
};

Deno.test("toMarkdown() of growth compares each size with the first one, and shows its start-up", () => {
  const text = toMarkdown(run);
  const figures = "1.5 | 500 (500–500) | 2.00 (2.00–2.00) | 4.00 (4.00–4.00)";
  assert.ok(
    text.includes(`| 1000 | ${figures} | 12 | 12 | 12 | 1.20 | 90 / 600 / 80 | 0.0 | 0 |`),
    text,
  );
  assert.match(text, /\| 1 \(again\) \|.*\| 1\.10 \|/);
});

Deno.test("toMarkdown() of growth tells of a backlog", () => {
  const text = toMarkdown(run);
  assert.match(text, /\| worked off \| 2\.0 \| 500 \| 7\.0 \| 7\.0 \| 90 \| 600 \|/);
  assert.match(text, /ran 0\.75 s after .* median of 2\.00 ms and a p99 of 4\.00 ms/);
  assert.doesNotMatch(toMarkdown({ ...run, backlog: undefined }), /backlog\*\*/);
});

Deno.test("chartOf() of growth leaves repeated sizes out, and draws none at 0", () => {
  const rows = [sized(0, 10), sized(64, 12), sized(0, 11, true)];
  const plot = chartOf({ ...run, grown: [{ name: "neighbours", scenario: SCENARIOS.neighbours, rows }] });
  assert.deepEqual(plot.panels[0]?.curves[0]?.points, [[1, 30], [64, 36]]);
  assert.doesNotMatch(toSvg(plot), /NaN|Infinity/);
});

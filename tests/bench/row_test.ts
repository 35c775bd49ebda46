import assert from "node:assert/strict";
import type { Measured } from "../../bench/broker/peer.ts";
import { toMarkdown } from "../../bench/broker/report.ts";
import { ratiosOf, type Row, rowOf } from "../../bench/broker/row.ts";
import { settingsFrom } from "../../bench/broker/settings.ts";

function measured(calls: number, p50Ms: number, brokerUs: number | undefined, failed = 0): Measured {
  return {
    window: { calls, failed, seconds: 2, p50Ms, p99Ms: p50Ms * 2, anError: failed > 0 ? "Error: late" : "" },
    cpu: { requester: 10, responder: 20, broker: brokerUs },
  };
}

const ours: Row = rowOf("ours", 64, [measured(8_000, 2, 5), measured(6_000, 4, 7), measured(9_000, 3, 6, 2)]);
const java: Row = rowOf("java", 64, [measured(2_000, 6, undefined), measured(2_000, 6, 5)]);

Deno.test("rowOf() gives medians with least and greatest, and adds failures up", () => {
  assert.deepEqual(ours.callsPerSecond, { median: 4_000, min: 3_000, max: 4_500 });
  assert.deepEqual(ours.p50Ms, { median: 3, min: 2, max: 4 });
  assert.deepEqual(ours.cpuUs.broker, { median: 6, min: 5, max: 7 });
  assert.equal(ours.failed, 2);
  assert.deepEqual(ours.errors, ["Error: late"]);
});

Deno.test("rowOf() has no processor time that some round lacks", () => {
  assert.equal(java.cpuUs.broker, undefined);
  assert.equal(java.cpuUs.requester?.median, 10);
});

Deno.test("ratiosOf() compares by medians with Java at the same number in flight", () => {
  assert.deepEqual(ratiosOf([ours, java]), [{ peer: "ours", inFlight: 64, callsPerSecond: 4, p50: 0.5 }]);
  assert.deepEqual(ratiosOf([ours, { ...java, inFlight: 1 }]), []);
});

Deno.test("toMarkdown() shows settings, figures, ratios and errors", () => {
  const machine = {
    ...{ cores: 2, model: "A processor", os: "linux 6", loadBefore: 0.5 },
    ...{ deno: "2.9.6", java: "17", rocketMq: "5.5.0" },
  };
  const text = toMarkdown({
    date: "2026-11-21 10:00",
    machine,
    settings: settingsFrom([]),
    rows: [ours, java],
  });
  assert.match(text, /2 cores, A processor, linux 6; load before: 0\.50/);
  assert.match(
    text,
    /\| ours \| 64 \| 4000 \(3000–4500\) \| 3\.00 \(2\.00–4\.00\) \|.*\| 10 \| 20 \| 6 \| 2 \|/,
  );
  assert.match(text, /\| java \| 64 \|.*\| no \/proc \| 0 \|/);
  assert.match(text, /\| ours \| 64 \| 4\.00 × \| 0\.50 × \|/);
  assert.match(text, /- ours at 64: Error: late/);
});

import assert from "node:assert/strict";
import { parseLine } from "../../bench/broker/line.ts";

Deno.test("parseLine() reads what requesters and responders print", () => {
  assert.deepEqual(parseLine('{"event":"ready"}'), { event: "ready" });
  const times = { p50Ms: 0.5, p99Ms: 3, p999Ms: 7, lateP99Ms: 0 };
  const window = { calls: 5, failed: 1, seconds: 2, ...times, anError: "late" };
  assert.deepEqual(parseLine(JSON.stringify({ event: "end", ...window })), { event: "end", window });
});

Deno.test("parseLine() refuses other lines and windows that lack a figure", () => {
  assert.throws(() => parseLine('{"event":"pause"}'), TypeError);
  assert.throws(() => parseLine('{"event":"end","calls":5}'), { name: "TypeError", message: /"failed"/ });
  assert.throws(() => parseLine("Listening on port 1"), SyntaxError);
});

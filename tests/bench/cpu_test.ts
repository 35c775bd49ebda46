import assert from "node:assert/strict";
import { cpuUs, cpuUsOf } from "../../bench/broker/cpu.ts";

Deno.test("cpuUsOf() adds user and system time, whatever the process is called", () => {
  const stat = "4711 (a ) b (c)) S 1 4711 4711 0 -1 4194560 900 0 12 0 150 25 3 4 20 0 9 0 5000 100 10";
  assert.equal(cpuUsOf(stat), 1_750_000);
  assert.throws(() => cpuUsOf("no stat"), TypeError);
});

Deno.test("cpuUs() knows nothing of a process that is not there", async () => {
  assert.equal(await cpuUs(undefined), undefined);
  assert.equal(await cpuUs(2 ** 30), undefined);
});

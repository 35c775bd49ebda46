import assert from "node:assert/strict";
import { cpuUsOf, processUse, residentBytesOf } from "../../bench/broker/process_use.ts";

Deno.test("cpuUsOf() adds user and system time, whatever the process is called", () => {
  const stat = "4711 (a ) b (c)) S 1 4711 4711 0 -1 4194560 900 0 12 0 150 25 3 4 20 0 9 0 5000 100 10";
  assert.equal(cpuUsOf(stat), 1_750_000);
  assert.throws(() => cpuUsOf("no stat"), TypeError);
});

Deno.test("residentBytesOf() reads what a process holds", () => {
  assert.equal(residentBytesOf("Name:\tdeno\nVmHWM:\t  900 kB\nVmRSS:\t     512 kB\n"), 524_288);
  assert.throws(() => residentBytesOf("Name:\tdeno\n"), TypeError);
});

Deno.test("processUse() adds processes up, and knows nothing of one that is not there", async () => {
  assert.equal(await processUse([]), undefined);
  assert.equal(await processUse([Deno.pid, 2 ** 30]), undefined);
  if (Deno.build.os !== "linux") return;
  const one = await processUse([Deno.pid]);
  const two = await processUse([Deno.pid, Deno.pid]);
  assert.ok(one !== undefined && two !== undefined);
  assert.ok(two.residentBytes > one.residentBytes && two.cpuUs >= 2 * one.cpuUs);
});

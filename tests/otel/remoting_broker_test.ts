/** Telemetry as Deno exports it, of two processes with RocketMQ between them. */
import assert from "node:assert/strict";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { Collector } from "./collector.ts";
import { assertOrder, end, KIND, linesUntil, one, startProgram } from "./trace.ts";

Deno.test("a trace goes from one process through RocketMQ to another, and tells where time went", async () => {
  const nameServers = [sharedNameServer()];
  const prefix = freshName("otel");
  await using collector = new Collector();
  await using callee = startProgram(collector, "serve", prefix, nameServers);
  await linesUntil(callee, "ready");
  await using caller = startProgram(collector, "call", prefix, nameServers);
  assert.deepEqual(await linesUntil(caller, "done"), ["ready", "r-5 of t1"]);
  await end(caller);
  await end(callee);
  assertOrder(collector.spans, prefix, { caller: "call", callee: "serve" });
  // Its start is on record at the broker before its handler runs: that takes as long as it takes.
  one(collector.spans, `record ${prefix}.Ledger/book`, KIND.internal);
});

/** Telemetry as Deno exports it, without a broker. */
import assert from "node:assert/strict";
import { HISTOGRAM, OBSERVED } from "../../src/observe/instruments.ts";
import { until } from "../helpers/settled.ts";
import { Collector } from "./collector.ts";
import { assertOrder, end, linesUntil, startProgram } from "./trace.ts";

Deno.test("OTEL_DENO=true exports the trace of a call with its nested ones, its attempts and its one-way calls", async () => {
  await using collector = new Collector();
  await using program = startProgram(collector, "both", "test");
  assert.deepEqual(await linesUntil(program, "done"), ["ready", "r-5 of t1"]);
  const { points } = collector;
  const values = (name: string) => points.filter((point) => point.name === name);
  // Observed when Deno collects, every 100 ms: at the end it would be too late.
  await until(() => values(OBSERVED.crashes.name).some(({ value }) => value === 1));
  await end(program);
  assertOrder(collector.spans, "test", { caller: "both", callee: "both" });
  for (const { name, unit } of Object.values(HISTOGRAM)) {
    assert.ok(values(name).some(({ value }) => value > 0), `nothing was recorded by ${name}`);
    assert.equal(values(name)[0]?.unit, unit);
  }
  const without = new Set(["rocket_actors.entity.cells"]);
  for (const { name, unit } of Object.values(OBSERVED).filter(({ name }) => !without.has(name))) {
    assert.ok(values(name).length > 0, `nothing was observed by ${name}`);
    assert.equal(values(name)[0]?.unit, unit);
  }
  const methods = new Set(
    values(HISTOGRAM.serverCall.name).map(({ attributes }) => attributes["rpc.method"]),
  );
  assert.deepEqual([...methods].sort(), ["test.Ledger/book", "test.Payments/fail", "test.Payments/transfer"]);
});

Deno.test("without OTEL_DENO nothing of telemetry is loaded", async () => {
  const script = `
    import { createSystem, embedded } from "rocket-actors";
    await using system = await createSystem({ name: "bank", transport: embedded() });
    const { default: module } = await import("node:module");
    console.log(Object.keys(module._cache).filter((path) => path.includes("opentelemetry")).length);
  `;
  const count = async (env: Record<string, string>) => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", "--ext=ts", script],
      cwd: new URL("../../", import.meta.url),
      env: { NO_COLOR: "1", ...env },
    });
    const { stdout, stderr, success } = await command.output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return Number(new TextDecoder().decode(stdout));
  };
  assert.equal(await count({}), 0);
  // The question has a meaning: with it, all of the API is.
  await using collector = new Collector();
  assert.ok(await count(collector.environment("bank")) > 10);
});

// deno-lint-ignore-file no-console -- run by hand: the figures are what it is run for
import assert from "node:assert/strict";
import { createSystem, defineService, embedded, embeddedBroker, method } from "rocket-actors";
import { drive } from "./driver.ts";
import { Growth, MOST_GROWTH } from "./growth.ts";

const CALLS = 100_000;
/** Twice as many as may be in flight, so that half of them wait for the others. */
const CALLERS = 8_192;

Deno.test("100,000 requests against a slow handler: the heap does not grow after warm-up", async () => {
  const Slow = defineService("memory.Slow", { run: method<{ pad: string }, number>({ timeoutMs: 600_000 }) });
  // What the broker keeps is bounded by its retention, and soon at that bound.
  const broker = embeddedBroker({ retainedMessages: CALLERS, retainedBytes: 16 * 1024 * 1024 });
  const growth = new Growth();
  let ran = 0;
  {
    await using system = await createSystem({ name: "memory", transport: embedded(broker) });
    const run = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return ++ran;
    };
    await system.serve(Slow, { run }, { concurrency: 256 });
    const { run: slow } = system.client(Slow);
    const pad = "x".repeat(100);
    await drive({ calls: CALLS, callers: CALLERS, lookEvery: CALLS / 10, call: () => slow({ pad }) }, growth);
  }
  broker.close();
  console.log(`slow handler: ${growth}`);
  assert.ok(growth.most < MOST_GROWTH, `${growth}`);
  assert.equal(ran, CALLS);
});

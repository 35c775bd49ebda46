// deno-lint-ignore-file no-console -- run by hand: the figures are what it is run for
import assert from "node:assert/strict";
import { createSystem, defineEntity, embedded, embeddedBroker, method } from "rocket-actors";
import { drive } from "./driver.ts";
import { Growth, MOST_GROWTH } from "./growth.ts";

const KEYS = 1_000_000;
const CALLERS = 512;

Deno.test("1,000,000 keys of an entity touched in turn: the heap does not grow after warm-up", async () => {
  const Counter = defineEntity("memory.Counter", {
    add: method<{ amount: number }, number>({ timeoutMs: 600_000 }),
  });
  const broker = embeddedBroker({ retainedMessages: 1_024, retainedBytes: 2 * 1024 * 1024 });
  const growth = new Growth();
  let made = 0;
  {
    await using system = await createSystem({ name: "memory", transport: embedded(broker) });
    await system.serve(Counter, () => {
      made++;
      let sum = 0;
      return { add: ({ amount }) => sum += amount };
    });
    const counters = system.client(Counter);
    const call = (index: number) => counters.at(`key-${index}`).add({ amount: 1 });
    await drive({ calls: KEYS, callers: CALLERS, lookEvery: KEYS / 10, call }, growth);
  }
  broker.close();
  console.log(`entity keys: ${growth}`);
  assert.ok(growth.most < MOST_GROWTH, `${growth}`);
  assert.equal(made, KEYS);
});

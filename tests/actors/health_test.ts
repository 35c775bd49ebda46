import assert from "node:assert/strict";
import { createClient } from "../../actors/client.ts";
import { createSystem } from "../../actors/system.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { Health } from "../../src/services/health.ts";
import { VERSION } from "../../src/services/version.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import type { TreeNode } from "../../src/call/tree.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { assertFails } from "../helpers/settled.ts";

const Quotes = defineService("test.Quotes", {
  fee: method<number, number>({ safe: true }),
  crash: method<void, void>(),
});

Deno.test("Health answers for the instance that was addressed, and for no other", async () => {
  const broker = embeddedBroker();
  const clock = new ManualClock();
  await using one = await createSystem({ name: "one", transport: embedded(broker), clock });
  await using two = await createSystem({ name: "two", transport: embedded(broker), clock });
  await using operator = await createClient({ transport: embedded(broker), clock });
  await one.serve(Quotes, { fee: (cents) => cents, crash: () => {} });
  for (const [system, contracts] of [[one, ["test.Quotes"]], [two, []]] as const) {
    const health = operator.client(Health, { instance: system.address });
    const { startedAtMs, nowMs, runtime, ...info } = await health.info();
    assert.deepEqual(info, { name: system.name, instance: system.instance, version: VERSION, contracts });
    assert.deepEqual([startedAtMs, nowMs, await health.ping()], [clock.now(), clock.now(), clock.now()]);
    assert.match(runtime, /^\S+/);
    assert.equal((await health.tree()).id, system.name);
  }
});

Deno.test("Health tells what went wrong, method by method", async () => {
  await using system = await createSystem({ name: "bank", transport: embedded() });
  await system.serve(Quotes, {
    fee: (cents) => cents,
    crash: () => {
      throw new Error("a bug");
    },
  });
  const quotes = system.client(Quotes);
  await quotes.fee(5);
  await assertFails(quotes.crash(), "internal", "replied");
  const health = system.client(Health, { instance: system.address });
  const [stats, ...others] = await health.stats();
  assert.deepEqual(others, []);
  assert.deepEqual([stats?.contract, stats?.counts["deadLetters"]], ["test.Quotes", 1]);
  assert.deepEqual(stats?.methods.map(({ method, counts }) => [method, counts["crashes"]]), [
    ["fee", 0],
    ["crash", 1],
  ]);
  const ids = ({ children }: TreeNode) => children.map(({ id, kind, state }) => [id, kind, state]);
  assert.deepEqual(ids(await health.tree()), ids(system.tree()));
});

Deno.test("Health of an instance that is gone is not answered: the deadline tells", async () => {
  const broker = embeddedBroker();
  await using operator = await createClient({ transport: embedded(broker) });
  const gone = await createSystem({ name: "gone", transport: embedded(broker) });
  const { address } = gone;
  await gone.close();
  const ping = operator.client(Health, { instance: address, timeoutMs: 100 }).ping();
  await assertFails(ping, "deadline_exceeded", "sent_unknown");
  broker.close();
});

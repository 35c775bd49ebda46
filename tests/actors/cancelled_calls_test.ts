/** What a caller that gives a call up does to its handler, end to end on an embedded broker. */
import assert from "node:assert/strict";
import { createClient } from "../../actors/client.ts";
import { createSystem } from "../../actors/system.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { assertFails, until } from "../helpers/settled.ts";

const Outer = defineService("test.Outer", { run: method<unknown, unknown>() });
const Inner = defineService("test.Inner", { run: method<unknown, unknown>() });

Deno.test("Caller: a cancelled call ends its handler, and the calls nested in it, whether its owner is known or not", async () => {
  const broker = embeddedBroker();
  const aborted: string[] = [];
  let started = 0;
  await using system = await createSystem({ name: "test", transport: embedded(broker) });
  await system.serve(Inner, {
    run: (input, ctx) => {
      if (input !== "wait") return input;
      started++;
      const never = createDeferred<void>();
      ctx.signal.addEventListener("abort", () => {
        aborted.push("inner");
        never.resolve();
      });
      return never.promise;
    },
  });
  await system.serve(Outer, {
    run: async (input, ctx) => {
      ctx.signal.addEventListener("abort", () => aborted.push("outer"));
      return await ctx.client(Inner).run(input);
    },
  });
  await using client = await createClient({ transport: embedded(broker) });
  const { run } = client.client(Outer);
  for (const owner of ["unknown", "known"]) {
    const controller = new AbortController();
    const call = run("wait", { signal: controller.signal });
    await until(() => started === (owner === "unknown" ? 1 : 2));
    controller.abort();
    await assertFails(call, "cancelled", "sent_unknown");
    await until(() => aborted.length === 2);
    assert.deepEqual(aborted.splice(0).sort(), ["inner", "outer"]);
    // An answered call of the same queue tells whose it is.
    for (let index = 0; index < 16; index++) assert.equal(await run(index), index);
  }
});

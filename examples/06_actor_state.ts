/**
 * State: `actor()` gives a method a state of its own, one call at a time, made afresh after a crash.
 *
 *     deno run -A examples/06_actor_state.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { actor, createSystem, defineService, method, RpcError } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Counter = defineService("demo.Counter", {
  add: method<number, number>(),
});

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "demo", transport });
await system.serve(Counter, {
  add: actor(() => {
    let sum = 0;
    return (value) => {
      if (!Number.isFinite(value)) throw new Error("not a number: the state may be broken");
      return sum += value;
    };
  }),
});

const counter = system.client(Counter);
console.log(await counter.add(1), await counter.add(2), await counter.add(3));
try {
  await counter.add(1e999);
} catch (error) {
  console.log(RpcError.from(error).code);
}
console.log("after the restart:", await counter.add(10));

// Prints:
// 1 3 6
// internal
// after the restart: 10

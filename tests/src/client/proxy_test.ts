import assert from "node:assert/strict";
import type { Call } from "../../../src/call/call.ts";
import { createProxy } from "../../../src/client/proxy.ts";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";

const contract = defineService("test.Service", {
  add: method<{ a: number }, number>({ safe: true }),
  ping: method(),
});

Deno.test("createProxy turns a call on a method into a Call", async () => {
  const calls: Call[] = [];
  const proxy = createProxy(contract, (call) => {
    calls.push(call);
    return Promise.resolve(5);
  });
  const options = { timeoutMs: 7 };
  assert.equal(await proxy.add({ a: 1 }, options), 5);
  await proxy.ping();
  const [add, ping] = calls;
  assert.deepEqual([add?.contract, add?.method, add?.input], [contract, "add", { a: 1 }]);
  assert.equal(add?.settings, contract.methods.add.settings);
  assert.equal(add?.options, options);
  assert.deepEqual([ping?.method, ping?.input, ping?.options], ["ping", undefined, {}]);
});

Deno.test("createProxy makes a plain frozen object that can be awaited and printed", async () => {
  const proxy = createProxy(contract, () => Promise.reject(new Error("must not be called")));
  assert.equal(await proxy, proxy);
  assert.ok(Object.isFrozen(proxy));
  assert.deepEqual(Object.keys(proxy), ["add", "ping"]);
  assert.match(Deno.inspect(proxy), /add: \[Function/);
  assert.equal(JSON.stringify(proxy), "{}");
});

Deno.test("createProxy knows no method but those of the contract", () => {
  const proxy = createProxy(contract, () => Promise.resolve());
  for (const name of ["then", "toJSON", "sub", "catch"]) assert.equal(Reflect.get(proxy, name), undefined);
});

Deno.test("createProxy gives an entity a proxy per key, and refuses keys that are none", async () => {
  const calls: Call[] = [];
  const Account = defineEntity("test.Account", { get: method<string, number>() });
  const at: (key: string) => Record<string, (input: string) => Promise<unknown>> = Reflect.get(
    createProxy(Account, (call) => {
      calls.push(call);
      return Promise.resolve(5);
    }),
    "at",
  );
  assert.equal(await at("acc-1")["get"]?.("a"), 5);
  assert.deepEqual([calls[0]?.key, calls[0]?.method, calls[0]?.input], ["acc-1", "get", "a"]);
  for (const key of ["", "x".repeat(256), "\ud800"]) assert.throws(() => at(key), TypeError);
});

import assert from "node:assert/strict";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Contract } from "../../../src/contract/types.ts";
import { CallerFixture } from "../../helpers/caller_fixture.ts";
import { Owners } from "../../../src/client/owners.ts";
import { Routes } from "../../../src/client/routes.ts";
import { turns } from "../../helpers/settled.ts";

const keyed = method<string, unknown>({ key: (input) => input });

function routesOn(at: CallerFixture): (contract: Contract, name: string) => ReturnType<Routes["of"]> {
  const routes = new Routes(at.transport, at.clock, new Owners());
  return (contract, name) => {
    const { kind, settings } = contract.methods[name] ?? method();
    return routes.of({
      contract,
      method: name,
      kind,
      settings,
      key: undefined,
      input: undefined,
      options: {},
    });
  };
}

Deno.test("Routes has one route per contract and method, in the slot of the method", () => {
  const routeOf = routesOn(new CallerFixture());
  const contract = defineService("test.Service", { a: method(), b: method(), c: method() }, { slots: 2 });
  const route = routeOf(contract, "c");
  assert.equal(routeOf(contract, "c"), route);
  assert.notEqual(routeOf(contract, "a"), route);
  assert.deepEqual([route.slot, route.slots, routeOf(contract, "b").slot], [0, 2, 1]);
  assert.deepEqual(route.places.output, { contract: "test.Service", method: "c", part: "output" });
});

Deno.test("Routes lets contracts of one name share what they meet in, but not how they divide it", () => {
  const routeOf = routesOn(new CallerFixture());
  const untyped = defineService("test.Service", { b: method() }, { slots: 1 });
  const contract = defineService("test.Service", { a: method(), b: keyed });
  const [one, other] = [routeOf(untyped, "b"), routeOf(contract, "b")];
  assert.equal(one.shared, other.shared);
  assert.deepEqual([one.slot, one.slots, other.slot, other.slots], [0, 1, 1, 4]);
  assert.notEqual(routeOf(defineService("test.Other", { b: method() }), "b").shared, one.shared);
});

Deno.test("Routes places keys by the contract of the call, whichever contract of that name came first", async () => {
  const at = new CallerFixture();
  at.transport.onQueues = (topic) =>
    Promise.resolve(Array.from({ length: 16 }, (_, id) => ({ topic, broker: "a", id })));
  at.call(defineService("test.Service", { b: method<unknown, unknown>() }, { slots: 1 }), "b", 1);
  at.call(defineService("test.Service", { a: method(), b: keyed }), "b", "k");
  await turns();
  const queue = at.sent.find(({ request }) => request.key === "k")?.queue;
  assert.equal((queue?.id ?? 0) % 4, 1);
  at.caller.close("over");
});

Deno.test("Routes remembers a bounded number of names, those in use among them", async () => {
  const at = new CallerFixture();
  const account = defineEntity("test.Account", { get: method<unknown, unknown>() });
  const routeOf = routesOn(at);
  const { shared } = routeOf(account, "get");
  const names = (index: number) => defineService(`test.Name${index}`, { run: method() });
  const idle = routeOf(names(0), "run").shared;
  // A look that has not been answered is needed by somebody.
  at.transport.onMembers = () => new Promise(() => {});
  void shared.watch.ask();
  for (let index = 1; index < 3_000; index++) routeOf(names(index), "run");
  assert.equal(routeOf(account, "get").shared, shared);
  assert.notEqual(routeOf(names(0), "run").shared, idle);
  await turns();
});

import assert from "node:assert/strict";
import { readAddress, type TopicRoute } from "../../../../src/rocketmq/client/route.ts";

function routeOf(addresses: Readonly<Record<number, string>>): TopicRoute {
  const pairs = Object.entries(addresses).map(([id, address]): [number, string] => [Number(id), address]);
  const brokers = new Map([["b", { cluster: "C", addresses: new Map(pairs) }]]);
  return { topic: "T", queues: [], brokers };
}

Deno.test("readAddress() takes the broker suggested, else the master, else any replica", () => {
  const all = routeOf({ 2: "two:1", 0: "master:1", 1: "one:1" });
  assert.deepEqual(readAddress(all, "b"), { address: "master:1", master: true });
  assert.deepEqual(readAddress(all, "b", 2), { address: "two:1", master: false });
  assert.deepEqual(readAddress(all, "b", 7), { address: "master:1", master: true });
  const orphaned = routeOf({ 2: "two:1", 1: "one:1" });
  assert.deepEqual(readAddress(orphaned, "b"), { address: "one:1", master: false });
  assert.deepEqual(readAddress(orphaned, "b", 2), { address: "two:1", master: false });
  assert.equal(readAddress(orphaned, "c"), undefined);
  assert.equal(readAddress(routeOf({}), "b"), undefined);
});

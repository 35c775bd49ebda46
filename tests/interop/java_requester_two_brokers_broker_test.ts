/** The official Java client's `request()` on a cluster of two brokers. */
import assert from "node:assert/strict";
import { createSystem, defineService, method } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { topicOf } from "../../src/call/plan.ts";
import { statsOf } from "../../src/services/stats.ts";
import { startCluster } from "../broker/launcher.ts";
import { startJava } from "./java.ts";
import { Requester } from "./requester.ts";

/** Both brokers' queues of the topic. */
const QUEUES = 32;
const KEYS = 8;

const Desk = defineService("test.TwoBrokersForStrangers", {
  greet: method<string, string>({ safe: true }),
  book: method<{ account: string; n: number }, string>({ key: ({ account }) => account }),
});

Deno.test("Java's request() is answered from the queues of both brokers, and a key's from its own", async () => {
  await using cluster = await startCluster({ brokers: 2 });
  const { nameServer: nameServers } = cluster;
  await using system = await createSystem({ name: "interop", transport: remoting({ nameServers }) });
  const booked = new Map<string, number[]>();
  await system.serve(Desk, {
    greet: (name) => `Hello ${name}`,
    book: ({ account, n }) => {
      booked.set(account, [...booked.get(account) ?? [], n]);
      return `${account} ${n}`;
    },
  });
  await using java = new Requester(await startJava("Requester", [nameServers, topicOf(Desk.name)]));
  await java.ready();

  // The client takes every queue in turn.
  for (let n = 0; n < QUEUES; n++) assert.equal(await java.ask("greet", `${n}`), `Hello ${n}`);
  for (let n = 0; n < QUEUES; n++) {
    const account = `account ${n % KEYS}`;
    assert.equal(await java.ask("book", { account, n }), `${account} ${n}`);
  }
  for (const [account, numbers] of booked) {
    assert.equal(numbers.length, QUEUES / KEYS);
    assert.deepEqual(numbers, numbers.toSorted((one, other) => one - other), `${account} is in order`);
  }
  const counts = statsOf(system.tree())[0]?.counts ?? {};
  assert.ok(
    (counts["sentOn"] ?? 0) > QUEUES / 2,
    `${counts["sentOn"]} came by other queues than their key's`,
  );
  const [state] = system.services();
  assert.deepEqual([state?.deadLetters, state?.undelivered], [0, 0]);
});

import assert from "node:assert/strict";
import {
  type CallerSystem,
  createClient,
  createSystem,
  defineService,
  method,
  type System,
} from "rocket-actors";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { queueOfKey, topicOf } from "../../../../src/call/plan.ts";
import { startCluster } from "../../../broker/launcher.ts";
import { freshName } from "../../../broker/shared.ts";
import { assertFails } from "../../../helpers/settled.ts";

const contract = defineService(freshName("Failover"), {
  echo: method<number, number>({ safe: true }),
  keyed: method<string, string>({ key: (input) => input, idempotent: true }),
}, { slots: 1 });

/** All queues, in the order of the plan. */
const QUEUES = ["broker-a", "broker-b"].flatMap((broker) =>
  Array.from({ length: 16 }, (_, id) => ({ broker, id }))
);

function keysOf(broker: string, count: number): string[] {
  const keys: string[] = [];
  for (let number = 0; keys.length < count; number++) {
    const key = `k${number}`;
    if (queueOfKey(QUEUES, key)?.broker === broker) keys.push(key);
  }
  return keys;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!await done()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function serve(nameServers: string): Promise<System> {
  const system = await createSystem({ name: "server", transport: remoting({ nameServers }) });
  await system.serve(contract, { echo: (input) => input, keyed: (input) => input });
  return system;
}

async function askKeys(caller: CallerSystem, keys: readonly string[], timeoutMs = 20_000): Promise<void> {
  const client = caller.client(contract, { timeoutMs });
  assert.deepEqual(await Promise.all(keys.map((key) => client.keyed(key))), keys);
}

Deno.test("remoting() goes on without one of two brokers: keys keep their queues, the rest goes to the other, and both serve when it is back", async () => {
  await using cluster = await startCluster({ brokers: 2, timeoutMs: 180_000 });
  const { nameServer, brokers: [, second] } = cluster;
  assert.ok(second !== undefined);
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await serve(nameServer));
  const newCaller = async () =>
    stack.use(await createClient({ name: "caller", transport: remoting({ nameServers: nameServer }) }));
  const caller = await newCaller();
  const [here, there] = [keysOf("broker-a", 8), keysOf("broker-b", 8)];
  await askKeys(caller, [...here, ...there]);
  await second.kill();
  // A send that the dying broker's port still took may have been stored: such a call does not go elsewhere.
  const tools = stack.use(new RocketMqClient({ nameServers: nameServer, clientId: "tools" }));
  await until(async () =>
    !(await tools.route(topicOf(contract.name), { fresh: true })).brokers.has(second.name)
  );

  const inputs = Array.from({ length: 40 }, (_, index) => index);
  const echo = caller.client(contract, { timeoutMs: 10_000 });
  assert.deepEqual(await Promise.all(inputs.map((input) => echo.echo(input))), inputs);
  await askKeys(caller, here);
  // Who comes while it is away knows the queues that it has, and sends nothing elsewhere.
  const late = await newCaller();
  await Promise.all([caller, late].map(async (each) => {
    const client = each.client(contract, { timeoutMs: 5_000 });
    const failing = there.slice(0, 2).map((key) => client.keyed(key));
    await Promise.all(failing.map((call) => assertFails(call, "unavailable", "not_sent")));
    await askKeys(each, here);
  }));
  const successor = stack.use(await serve(nameServer));
  await first.close();
  await second.restart();
  // The successor began without that broker, and is the only one left to serve its queues.
  await askKeys(late, there, 60_000);
  await askKeys(caller, [...here, ...there], 60_000);
  await successor.close();
});

import assert from "node:assert/strict";
import {
  createClient,
  createSystem,
  defineService,
  method,
  type ServiceHandle,
  type System,
} from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { startCluster } from "../broker/launcher.ts";
import { BrokerPulse } from "../kill/broker_pulse.ts";

const Echo = defineService("test.TwoBrokers", {
  safe: method<number, number>({ safe: true }),
  once: method<number, number>(),
});

/** How soon a rebalance has to be over, in milliseconds. */
const REBALANCED_MS = 5_000;

/** It is told how long it took, where that is too long. Milliseconds. */
const PATIENCE_MS = 30_000;

/** Waits until the service owns that many queues at each of the brokers, which may take no longer than a rebalance. */
async function ownsAtEach(
  service: ServiceHandle,
  brokers: readonly string[],
  queues: number,
  pulse: BrokerPulse,
): Promise<void> {
  const since = performance.now();
  const owned = (broker: string): number =>
    service.state().queues.filter((queue) => queue.broker === broker).length;
  for (const until = since + PATIENCE_MS; brokers.some((broker) => owned(broker) !== queues);) {
    assert.ok(performance.now() < until, brokers.map((broker) => `${broker}: ${owned(broker)}`).join(", "));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const tookMs = performance.now() - since;
  assert.ok(tookMs < REBALANCED_MS + pulse.allowance(since), `it took ${tookMs} ms`);
}

Deno.test("takeover: two instances share the queues of each of two brokers, and one takes over all of the other's", async () => {
  await using cluster = await startCluster({ brokers: 2 });
  await using pulse = new BrokerPulse(cluster.nameServer);
  const brokers = cluster.brokers.map(({ name }) => name);
  const handlers = { safe: (n: number) => n, once: (n: number) => n };
  const start = (name: string): Promise<System> =>
    createSystem({ name, transport: remoting({ nameServers: cluster.nameServer }) });

  await using staying = await start("staying");
  const stays = await staying.serve(Echo, handlers);
  await ownsAtEach(stays, brokers, 16, pulse);
  await using leaving = await start("leaving");
  const leaves = await leaving.serve(Echo, handlers);
  await ownsAtEach(stays, brokers, 8, pulse);
  await ownsAtEach(leaves, brokers, 8, pulse);

  await using caller = await createClient({ transport: remoting({ nameServers: cluster.nameServer }) });
  const echo = caller.client(Echo);
  const numbers = Array.from({ length: 300 }, (_, n) => n);
  assert.deepEqual(await Promise.all(numbers.map((n) => n % 2 === 0 ? echo.safe(n) : echo.once(n))), numbers);

  const options = { nameServers: cluster.nameServer, replies: "topic" } as const;
  await using pulling = await createClient({ transport: remoting(options) });
  const pulled = pulling.client(Echo);
  assert.deepEqual(await Promise.all(numbers.map((n) => pulled.once(n))), numbers);

  await leaves.stop();
  await ownsAtEach(stays, brokers, 16, pulse);
  assert.deepEqual(await Promise.all(numbers.map((n) => echo.once(n))), numbers);
});

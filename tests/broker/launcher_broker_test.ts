import assert from "node:assert/strict";
import { findBroker, OLD_VERSION, startCluster } from "./launcher.ts";
import { answersFrame, answersHttp2, brokersInRoute } from "./probe.ts";

function isAlive(pid: number): boolean {
  try {
    // Signal 0 is not to be had in Deno; SIGCONT does nothing to a process that runs.
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

Deno.test("startCluster() gives a broker that can be killed, restarted and disposed", async () => {
  let directory = "";
  let pid = 0;
  {
    await using cluster = await startCluster();
    directory = cluster.directory;
    const [broker] = cluster.brokers;
    assert(broker !== undefined);
    assert.equal(cluster.proxy, undefined);
    assert(await answersFrame(broker.address));
    assert.deepEqual(await brokersInRoute(cluster.nameServer, "TBW102"), ["broker-a"]);

    const before = broker.pid;
    await broker.kill();
    assert(!await answersFrame(broker.address));
    assert(!isAlive(before));

    await broker.restart();
    pid = broker.pid;
    assert.notEqual(pid, before);
    assert(await answersFrame(broker.address));
    assert.match(await cluster.logs(), /boot success/);
    await assert.rejects(broker.restart(), /still runs/);
  }
  assert(!isAlive(pid));
  await assert.rejects(Deno.stat(directory), Deno.errors.NotFound);
});

Deno.test("BrokerHandle.pause() leaves a broker that does not answer until resume()", async () => {
  await using cluster = await startCluster();
  const [broker] = cluster.brokers;
  assert(broker !== undefined);
  broker.pause();
  assert(!await answersFrame(broker.address));
  broker.resume();
  assert(await answersFrame(broker.address));
});

Deno.test("BrokerHandle.stop() ends a broker in order; the older line runs too", async () => {
  await using cluster = await startCluster({ version: OLD_VERSION });
  const [broker] = cluster.brokers;
  assert(broker !== undefined);
  assert(await answersFrame(broker.address));
  await broker.stop();
  assert(!isAlive(broker.pid));
  await broker.restart();
  assert(await answersFrame(broker.address));
});

Deno.test("findBroker() gives a broker and a proxy that answer", async () => {
  await using endpoints = await findBroker({ proxy: true });
  const [nameServer] = endpoints.nameServer.split(";");
  assert(nameServer !== undefined);
  assert(await answersFrame(nameServer));
  // A broker named by the environment may come without one.
  if (endpoints.source !== "environment") assert(endpoints.proxy !== undefined);
  if (endpoints.proxy !== undefined) assert(await answersHttp2(endpoints.proxy));
});

Deno.test("startCluster() puts two brokers into one route", async () => {
  await using cluster = await startCluster({ brokers: 2, clusterName: "pair" });
  assert.deepEqual(cluster.brokers.map(({ name }) => name), ["broker-a", "broker-b"]);
  const route = await brokersInRoute(cluster.nameServer, "pair_REPLY_TOPIC");
  assert.deepEqual(route.toSorted(), ["broker-a", "broker-b"]);
});

Deno.test("startCluster() reports a broker that ends early, with its log", async () => {
  using occupied = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const brokerConfig = { listenPort: String(occupied.addr.port) };
  await assert.rejects(startCluster({ brokerConfig }), {
    name: "ClusterFailed",
    message: /broker-a ended early \(exit code .*already in use/s,
  });
});

Deno.test("startCluster() stops what it started when its signal is aborted", async () => {
  await assert.rejects(startCluster({ signal: AbortSignal.timeout(1_500) }), { name: "TimeoutError" });
});

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

/** Waits until something answers at an address: one probe waits for two seconds, which a busy machine may take. */
async function answers(address: string): Promise<void> {
  for (const limit = performance.now() + 30_000; !await answersFrame(address);) {
    assert(performance.now() < limit, `nothing answers at ${address}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

Deno.test("startCluster() puts brokers into one route, and stops them when it is disposed", async (test) => {
  let directory = "";
  let pids: readonly number[] = [];
  {
    await using cluster = await startCluster({ brokers: 2, clusterName: "pair", timeoutMs: 180_000 });
    directory = cluster.directory;
    const { nameServer, brokers: [broker, other] } = cluster;
    assert(broker !== undefined && other !== undefined);
    assert.deepEqual([broker.name, other.name], ["broker-a", "broker-b"]);
    assert.equal(cluster.proxy, undefined);
    const route = await brokersInRoute(nameServer, "pair_REPLY_TOPIC");
    assert.deepEqual(route.toSorted(), ["broker-a", "broker-b"]);
    assert.match(await cluster.logs(), /boot success/);

    await test.step("BrokerHandle.pause() leaves one that does not answer until resume()", async () => {
      broker.pause();
      assert(!await answersFrame(broker.address));
      broker.resume();
      await answers(broker.address);
    });

    await test.step("BrokerHandle.kill() ends one, and restart() brings it back at its address", async () => {
      const before = broker.pid;
      await broker.kill();
      assert(!await answersFrame(broker.address));
      assert(!isAlive(before));
      await answers(other.address);

      await broker.restart();
      assert.notEqual(broker.pid, before);
      await answers(broker.address);
      await assert.rejects(broker.restart(), /still runs/);
    });

    await test.step("startCluster() reports a broker that ends early, with its log", async () => {
      using occupied = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const brokerConfig = { listenPort: String(occupied.addr.port) };
      await assert.rejects(startCluster({ brokerConfig, nameServer, namesFrom: 2 }), {
        name: "ClusterFailed",
        message: /broker-c ended early \(exit code .*already in use/s,
      });
    });
    pids = cluster.brokers.map(({ pid }) => pid);
  }
  assert.deepEqual(pids.map(isAlive), [false, false]);
  await assert.rejects(Deno.stat(directory), Deno.errors.NotFound);
});

Deno.test("BrokerHandle.stop() ends a broker in order; the older line runs too", async () => {
  await using cluster = await startCluster({ version: OLD_VERSION });
  const [broker] = cluster.brokers;
  assert(broker !== undefined);
  await answers(broker.address);
  await broker.stop();
  assert(!isAlive(broker.pid));
  await broker.restart();
  await answers(broker.address);
});

Deno.test("findBroker() gives a broker and a proxy that answer", async () => {
  await using endpoints = await findBroker({ proxy: true });
  const [nameServer] = endpoints.nameServer.split(";");
  assert(nameServer !== undefined);
  await answers(nameServer);
  // A broker named by the environment may come without one.
  if (endpoints.source !== "environment") assert(endpoints.proxy !== undefined);
  if (endpoints.proxy !== undefined) assert(await answersHttp2(endpoints.proxy));
});

Deno.test("startCluster() stops what it started when its signal is aborted", async () => {
  await assert.rejects(startCluster({ signal: AbortSignal.timeout(1_500) }), { name: "TimeoutError" });
});

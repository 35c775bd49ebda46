import assert from "node:assert/strict";
import { createClient, createSystem } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { createDeferred } from "../../src/async/deferred.ts";
import { startCluster } from "../broker/launcher.ts";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { until } from "../helpers/settled.ts";
import { feedContract, produce } from "./contract.ts";
import { ProducerProcess } from "./producer_process.ts";
import { Reading, type ReadThrough } from "./reading.ts";

const ITEMS = 10_000;
/** Where readers wait for all the others. */
const HELD_AT = 300;
/** How soon a reader must know that its producer is gone, in milliseconds: long before the idle timeout. */
const KNOWN_AFTER_MS = 15_000;

function assertWhole(read: readonly ReadThrough[]): void {
  assert.deepEqual(read.flatMap(({ wrong }) => wrong), []);
  for (const { end, items } of read) {
    if (end === "ok") assert.equal(items, ITEMS);
  }
}

Deno.test("streams: 10,000 items come whole past a killed producer, and its own streams end in time", async () => {
  const nameServers = sharedNameServer();
  const name = freshName("KilledProducer");
  const contract = feedContract(name);
  await using killed = await ProducerProcess.start(nameServers, name, "killed");
  await using survivor = await ProducerProcess.start(nameServers, name, "survivor");
  await using pushed = await createClient({ transport: remoting({ nameServers, replies: "push" }) });
  await using pulled = await createClient({ transport: remoting({ nameServers, replies: "topic" }) });
  const clients = [pushed, pulled].map((client) => client.client(contract, { timeoutMs: 60_000 }));
  const readings: Reading[] = [];
  const all = createDeferred<void>();
  const hold = { items: HELD_AT, until: all.promise };
  // Queues take turns: soon both producers have a stream of either reader.
  while (readings.filter(({ by }) => by === "killed").length < 2 || readings.length < 6) {
    for (const client of clients) readings.push(new Reading(client.read({ items: ITEMS, ms: 10 }), hold));
    await until(() => readings.every(({ items }) => items > 0));
    assert.ok(readings.length < 32, "no stream came from the producer that is to be killed");
  }
  all.resolve();
  await until(() => readings.every(({ by, items }) => by === "survivor" || items > HELD_AT));
  const killedAt = performance.now();
  await killed.kill();
  const read = await Promise.all(readings.map(({ result }) => result));
  assertWhole(read);
  for (const { by, end, endedAtMs } of read) {
    if (by === survivor.name) assert.equal(end, "ok");
    else {
      assert.equal(end, "unavailable/sent_unknown");
      assert.ok(endedAtMs - killedAt < KNOWN_AFTER_MS, `it was known after ${endedAtMs - killedAt} ms`);
    }
  }
  assert.ok(read.some(({ by, items }) => by === killed.name && items < ITEMS));
});

Deno.test("streams: a rebalance lets 10,000 items come to their end, and ends what takes longer than the drain limit", async () => {
  const nameServers = sharedNameServer();
  const contract = feedContract(freshName("Rebalance"));
  await using first = await createSystem({ name: "first", transport: remoting({ nameServers }) });
  const service = await first.serve(contract, { read: produce("first") });
  await using caller = await createClient({ transport: remoting({ nameServers }) });
  const client = caller.client(contract, { timeoutMs: 60_000 });
  const streams = () => first.tree().children.find(({ kind }) => kind === "service")?.children[0]?.details;
  const all = createDeferred<void>();
  // Queues take turns, so that some of either kind are on queues that stay, and some on queues that go.
  const readings = Array.from({ length: 20 }, (_, index) => {
    const isShort = index % 5 === 0;
    const stream = client.read({ items: ITEMS, ms: isShort ? 5 : 1_500 });
    return { isShort, reading: new Reading(stream, { items: HELD_AT, until: all.promise }) };
  });
  const short = readings.filter(({ isShort }) => isShort).map(({ reading }) => reading);
  const endless = readings.filter(({ isShort }) => !isShort).map(({ reading }) => reading);
  await until(() => readings.every(({ reading }) => reading.items > 0));
  assert.equal(streams()?.streamsRunning, 20);

  await using second = await createSystem({ name: "second", transport: remoting({ nameServers }) });
  all.resolve();
  await second.serve(contract, { read: produce("second") });
  await until(() => service.state().queues.length === 8);
  const read = await Promise.all(short.map(({ result }) => result));
  assertWhole(read);
  // A queue that was asked for waits for its streams no longer than the drain limit.
  assert.deepEqual(read.filter(({ end }) => end !== "ok" && end !== "unavailable/sent_unknown"), []);
  assert.ok(read.some(({ end }) => end === "ok"));
  const running = () => endless.filter(({ end }) => end === "");
  await until(() => running().length < endless.length && streams()?.streamsRunning === running().length);
  const kept = running().length;
  assert.ok(kept > 0, "no stream was on a queue that stayed");
  await caller.close();
  const left = await Promise.all(endless.map(({ result }) => result));
  assert.deepEqual(left.flatMap(({ wrong }) => wrong), []);
  const ended = (how: string) => left.filter(({ end }) => end === how).length;
  assert.deepEqual([ended("unavailable/sent_unknown"), ended("cancelled/sent_unknown")], [
    endless.length - kept,
    kept,
  ]);
  await until(() => streams()?.streamsRunning === 0);
});

Deno.test("streams: 10,000 items past a broker that is killed and comes back come whole, or end clearly", async () => {
  await using cluster = await startCluster();
  const [broker] = cluster.brokers;
  assert.ok(broker !== undefined);
  const nameServers = cluster.nameServer;
  const contract = feedContract(freshName("KilledBroker"));
  await using server = await createSystem({ name: "server", transport: remoting({ nameServers }) });
  await server.serve(contract, { read: produce("server") });
  await using pushed = await createClient({ transport: remoting({ nameServers, replies: "push" }) });
  await using pulled = await createClient({ transport: remoting({ nameServers, replies: "topic" }) });
  const clients = [pushed, pulled].map((client) => client.client(contract, { timeoutMs: 60_000 }));
  const readings = clients.flatMap((client) =>
    Array.from({ length: 2 }, () => new Reading(client.read({ items: ITEMS, ms: 10 })))
  );
  await until(() => readings.every(({ items }) => items >= 500));
  await broker.kill();
  await broker.restart();
  const read = await Promise.all(readings.map(({ result }) => result));
  assertWhole(read);
  assert.deepEqual(
    read.filter(({ end }) => !["ok", "unavailable/sent_unknown", "data_loss/sent_unknown"].includes(end)),
    [],
  );
  // Whoever comes next finds it as it was.
  const again = await Promise.all(
    clients.map((client) => new Reading(client.read({ items: 1_000, ms: 0 })).result),
  );
  assert.deepEqual(again.map(({ end, items }) => [end, items]), [["ok", 1_000], ["ok", 1_000]]);
  const streams = () => server.tree().children.find(({ kind }) => kind === "service")?.children[0]?.details;
  await until(() => streams()?.streamsRunning === 0);
});

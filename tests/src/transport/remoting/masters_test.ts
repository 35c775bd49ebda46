import assert from "node:assert/strict";
import { systemClock } from "../../../../src/async/clock.ts";
import { EVENTS } from "../../../../src/log/events.ts";
import { RocketMqClient } from "../../../../src/rocketmq/client/client.ts";
import { RequestCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { Masters } from "../../../../src/transport/remoting/masters.ts";
import { HEARTBEAT_INTERVAL_MS } from "../../../../src/transport/remoting/defaults.ts";
import { Registration } from "../../../../src/transport/remoting/registration.ts";
import { ScriptedNameServer } from "../../../fault/scripted_name_server.ts";
import { ScriptedPeer, type Session } from "../../../fault/scripted_peer.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { until } from "../../../helpers/settled.ts";
import { eventsOf, recordLogs } from "../../../helpers/logs.ts";

const LONGEST_MS = 259_200_000;

/** What a broker tells about itself, if anything. */
type Table = Readonly<Record<string, string>> | undefined;

const NEW: Table = { bootTimestamp: "1", brokerVersionDesc: "V5_5_0", timerReadBehind: "0" };
const OLD: Table = { bootTimestamp: "1", brokerVersionDesc: "V4_9_7" };

/** Brokers by name: the cluster of each, and what it tells. The first one is the name server too. */
class Landscape implements AsyncDisposable {
  readonly masters: Masters;
  /** Heartbeats so far, by broker. */
  readonly heartbeats: string[] = [];
  /** What each broker tells by now. */
  readonly tables = new Map<string, Table>();
  readonly #clusters: ReadonlyMap<string, string>;
  readonly #peers = new Map<string, ScriptedPeer>();
  readonly #client: RocketMqClient;
  readonly #registration: Registration;

  constructor(brokers: Readonly<Record<string, readonly [cluster: string, table: Table]>>) {
    this.#clusters = new Map(Object.entries(brokers).map(([name, [cluster]]) => [name, cluster]));
    for (const [name, [, table]] of Object.entries(brokers)) {
      this.tables.set(name, table);
      this.#peers.set(
        name,
        new ScriptedPeer((session) => session.serve(({ code }) => this.#answer(name, code))),
      );
    }
    const [nameServers = ""] = [...this.#peers.values()].map(({ address }) => address);
    this.#client = new RocketMqClient({ nameServers, clientId: "c", random: () => 0 });
    const roles = { producerGroup: "g", consumerGroups: () => [] };
    this.#registration = new Registration(this.#client, systemClock, roles);
    this.masters = new Masters(this.#client, this.#registration);
  }

  address(name: string): string {
    return this.#peers.get(name)?.address ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registration.close();
    await this.#client.close();
    for (const peer of this.#peers.values()) await peer[Symbol.asyncDispose]();
  }

  #answer(name: string, code: number): RequestReply | undefined {
    switch (code) {
      case RequestCode.GET_BROKER_CLUSTER_INFO:
        return { code: 0, body: this.#clusterInfo() };
      case RequestCode.GET_BROKER_RUNTIME_INFO: {
        const table = this.tables.get(name);
        return table === undefined ? { code: 1 } : { code: 0, body: jsonOf({ table }) };
      }
      case RequestCode.HEART_BEAT:
        this.heartbeats.push(name);
        return { code: 0, body: jsonOf({}) };
      default:
        return { code: 0 };
    }
  }

  #clusterInfo(): Uint8Array {
    const table = [...this.#clusters].map(([name, cluster]) =>
      `"${name}":{"brokerName":"${name}","cluster":"${cluster}","brokerAddrs":{0:"${this.address(name)}"}}`
    );
    return new TextEncoder().encode(`{"brokerAddrTable":{${table.join(",")}}}`);
  }
}

function jsonOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

Deno.test("Masters registers with every master of the only cluster, and learns what all of them can do", async () => {
  await using at = new Landscape({ a: ["C", NEW], b: ["C", NEW] });
  assert.equal(at.masters.delayMs, false, "nothing is known yet");
  await at.masters.meetOnlyCluster();
  assert.deepEqual([at.heartbeats.sort(), at.masters.clusters], [["a", "b"], ["C"]]);
  assert.equal(at.masters.delayMs, LONGEST_MS);
});

Deno.test("Masters tells that messages cannot be held back where one broker cannot", async () => {
  await using at = new Landscape({ a: ["C", NEW], b: ["C", OLD] });
  const logs = await recordLogs(() => at.masters.meetOnlyCluster());
  assert.deepEqual(eventsOf(logs), [EVENTS.transport.mixedVersions]);
  assert.equal(logs[0]?.properties["brokers"], at.address("b"));
  assert.equal(at.masters.delayMs, false);
  assert.equal(await at.masters.delayMsOf(at.address("a"), {}), LONGEST_MS);
  assert.equal(await at.masters.delayMsOf(at.address("b"), {}), false);
});

Deno.test("Masters asks a broker again that did not tell, when it matters", async () => {
  await using at = new Landscape({ a: ["C", undefined] });
  await at.masters.meetOnlyCluster();
  assert.deepEqual([at.heartbeats, at.masters.delayMs], [["a"], false]);
  await assert.rejects(at.masters.delayMsOf(at.address("a"), {}), { name: "RocketMqError" });
  at.tables.set("a", NEW);
  assert.equal(await at.masters.delayMsOf(at.address("a"), {}), LONGEST_MS);
  assert.equal(at.masters.delayMs, LONGEST_MS);
});

Deno.test("Masters lets clusters alone of which nothing is used, where there are several", async () => {
  await using at = new Landscape({ a: ["C", NEW], b: ["D", NEW] });
  await at.masters.meetOnlyCluster();
  assert.deepEqual([at.heartbeats, at.masters.clusters, at.masters.delayMs], [[], [], false]);
});

Deno.test("Masters never fails where nobody can be asked: it meets who can be met when something is used", async () => {
  const at = new Landscape({ a: ["C", NEW] });
  await at[Symbol.asyncDispose]();
  await at.masters.meetOnlyCluster();
  assert.deepEqual([at.heartbeats, at.masters.clusters, at.masters.delayMs], [[], [], false]);
});

Deno.test("Masters meets who can be met for a topic, without waiting long for the others, and these when they are back", async () => {
  await using silent = new ScriptedPeer((session) => session.serve(() => undefined));
  await using names = new ScriptedNameServer();
  const beats = new Set<string>();
  const broker = (name: string) => (session: Session) =>
    session.serve(({ code }) => {
      if (code === RequestCode.HEART_BEAT) beats.add(name);
      return { code: 0, body: jsonOf({ table: NEW }) };
    });
  await using alive = new ScriptedPeer(broker("alive"));
  const gone = new ScriptedPeer(broker("gone"));
  await gone.stop();
  const brokers = [alive, silent, gone].map(({ address }, index) => ({
    name: `b${index}`,
    address,
    queues: 1,
  }));
  names.topics.set("T", brokers);
  names.topics.set("C_REPLY_TOPIC", brokers);
  await using client = new RocketMqClient({
    nameServers: names.address,
    clientId: "c",
    random: () => 0,
    // Far more than a slow machine takes, far less than the silent one would be waited for.
    requestTimeoutMs: 60_000,
  });
  const registration = new Registration(client, systemClock, {
    producerGroup: "g",
    consumerGroups: () => [],
  });
  client.onConnection(({ address, state }) => {
    if (state === "connected") registration.connected(address);
  });
  const masters = new Masters(client, registration);
  const since = performance.now();
  const unmet = await masters.meetFor(await client.route("T"), {});
  assert.ok(performance.now() - since < 20_000);
  assert.deepEqual([...unmet.keys()].sort(), [gone.address, silent.address].sort());
  assert.deepEqual([...beats], ["alive"]);
  await using _back = new ScriptedPeer(broker("back"), Number(gone.address.split(":")[1]));
  await until(() => beats.has("back"));
  // What it was asked is not waited for any more.
  await silent.stop();
  await registration.close();
});

Deno.test("Registration registers again with a broker that is there and did not answer the first time", async () => {
  let beats = 0;
  await using slow = new ScriptedPeer((session) =>
    session.serve(({ code }) => code === RequestCode.HEART_BEAT && ++beats === 1 ? { code: 2 } : { code: 0 })
  );
  await using client = new RocketMqClient({ nameServers: slow.address, clientId: "c", random: () => 0 });
  const registration = new Registration(client, systemClock, { consumerGroups: () => [] });
  await assert.rejects(registration.with(slow.address), { responseCode: 2 });
  await until(() => beats === 2);
  await registration.close();
});

Deno.test("Masters fails where none can be met", async () => {
  await using names = new ScriptedNameServer();
  const brokers = [{ name: "a", address: "127.0.0.1:1", queues: 1 }];
  names.topics.set("T", brokers);
  names.topics.set("C_REPLY_TOPIC", brokers);
  await using client = new RocketMqClient({ nameServers: names.address, clientId: "c", random: () => 0 });
  const registration = new Registration(client, systemClock, {
    producerGroup: "g",
    consumerGroups: () => [],
  });
  const masters = new Masters(client, registration);
  await assert.rejects(masters.meetFor(await client.route("T"), {}), { kind: "not_sent" });
  await registration.close();
});

/** Remembers which addresses it was told to connect to no longer. */
class WatchedClient extends RocketMqClient {
  readonly released: string[] = [];

  override release(address: string): void {
    this.released.push(address);
    super.release(address);
  }
}

Deno.test("Masters leaves the address that a master has moved from: no heartbeat goes there any more", async () => {
  const beats: string[] = [];
  const broker = (name: string) =>
    new ScriptedPeer((session) =>
      session.serve(({ code }) => {
        if (code === RequestCode.HEART_BEAT) beats.push(name);
        return { code: 0, body: jsonOf({ table: NEW }) };
      })
    );
  await using from = broker("from");
  await using to = broker("to");
  await using names = new ScriptedNameServer();
  const clock = new ManualClock();
  await using client = new WatchedClient({ nameServers: names.address, clientId: "c", random: () => 0 });
  const registration = new Registration(client, clock, { producerGroup: "g", consumerGroups: () => [] });
  const masters = new Masters(client, registration);
  for (const { address } of [from, to]) {
    const brokers = [{ name: "a", address, queues: 1 }];
    names.topics.set("T", brokers).set("C_REPLY_TOPIC", brokers);
    await client.route("C_REPLY_TOPIC", { fresh: true });
    await masters.meetFor(await client.route("T", { fresh: true }), {});
  }
  assert.deepEqual([beats, client.released], [["from", "to"], [from.address]]);
  clock.advance(HEARTBEAT_INTERVAL_MS);
  await until(() => beats.filter((name) => name === "to").length === 2);
  // Whatever went to the old address before this has arrived once this is answered.
  await client.request(from.address, { code: RequestCode.GET_BROKER_RUNTIME_INFO, fields: {} });
  assert.deepEqual(beats, ["from", "to", "to"]);
  await registration.close();
});

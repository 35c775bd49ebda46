import assert from "node:assert/strict";
import {
  type CallerSystem,
  createClient,
  createSystem,
  defineService,
  method,
  type RpcError,
  type System,
  systemClock,
  type Transport,
} from "rocket-actors";
import { clusterInfo, masterAddresses, RocketMqClient } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { topicOf } from "../../../../src/call/plan.ts";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { OLD_VERSION, startCluster } from "../../../broker/launcher.ts";
import { freshName, sharedNameServer } from "../../../broker/shared.ts";
import { type Intercept, RelayedCluster } from "../../../fault/relay.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { changeTopic } from "../../../helpers/change_topic.ts";
import { assertFails } from "../../../helpers/settled.ts";

const NOBODY = "127.0.0.1:1";

function freshContract() {
  return defineService(freshName("Errors"), {
    echo: method<unknown, unknown>({ safe: true }),
    // What may be run twice is sent again where a loaded machine leaves an answer out.
    keyed: method<string, string>({ key: (input) => input, idempotent: true }),
  });
}

type TestContract = ReturnType<typeof freshContract>;

async function serving(contract: TestContract, transport: Transport): Promise<System> {
  const server = await createSystem({ name: "server", transport });
  await server.serve(contract, {
    echo: (input) => input,
    keyed: (input) => input,
  });
  return server;
}

function caller(nameServers: string): Promise<CallerSystem> {
  return createClient({ name: "caller", transport: remoting({ nameServers }) });
}

/** How a start fails at an address, within the time that it may take. */
async function startFailure(nameServers: string): Promise<RpcError> {
  const transport = remoting({ nameServers });
  const since = performance.now();
  const start = transport.start({ clock: systemClock, random: () => 0, instance: Date.now() });
  const failure = await assertFails(start, "unavailable", "not_sent");
  assert.ok(performance.now() - since < 10_000);
  await transport.close();
  return failure;
}

Deno.test("remoting() at an address where nobody listens fails to start, and says what to check", async () => {
  const { message } = await startFailure(NOBODY);
  assert.match(
    message,
    /^Cannot reach a RocketMQ name server at "127\.0\.0\.1:1": Cannot connect to 127\.0\.0\.1:1: /,
  );
  assert.match(message, /; check host and port \(9876 by default\), and that it runs$/);
  const several = await startFailure(`${NOBODY};127.0.0.1:2`);
  assert.match(several.message, /Cannot connect to 127\.0\.0\.1:1: .*; Cannot connect to 127\.0\.0\.1:2: /);
});

Deno.test("remoting() at a port of something else fails to start, and says so", async () => {
  const text = (lines: string) => new TextEncoder().encode(lines);
  await using http = new ScriptedPeer((session) => session.raw(text("HTTP/1.1 400 Bad Request\r\n\r\n")));
  await using silent = new ScriptedPeer((session) => session.serve(() => undefined));
  await using closing = new ScriptedPeer((session) => session.cut());
  for (const { address } of [http, silent, closing]) {
    assert.match(
      (await startFailure(address)).message,
      /does not answer as a name server does: check host and port/,
    );
  }
});

Deno.test("remoting() at a broker's port fails to start, and says that it is a broker's", async () => {
  await using tools = new RocketMqClient({ nameServers: sharedNameServer(), clientId: "tools" });
  const [broker = ""] = masterAddresses(await clusterInfo(tools)).values();
  assert.match(
    (await startFailure(broker)).message,
    /what answers is a broker or a proxy: use the address of a name/,
  );
});

Deno.test("remoting() fails calls to a topic that may not be written or read, and says what to grant", async () => {
  const nameServers = sharedNameServer();
  const contract = freshContract();
  const topic = topicOf(contract.name);
  await using _server = await serving(contract, remoting({ nameServers }));
  await using before = await caller(nameServers);
  assert.equal(await before.client(contract).echo(1), 1);
  await using tools = new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` });
  const permit = (perm: number) => changeTopic(tools, { topic, readQueues: 16, writeQueues: 16, perm });
  await permit(4);
  await using after = await caller(nameServers);
  for (const call of [() => after.client(contract).echo(2), () => after.client(contract).keyed("a")]) {
    const refused = await assertFails(call(), "permission_denied", "not_sent");
    assert.match(refused.message, /^Nobody may write topic .* mqadmin updateTopicPerm .* -p 6$/);
  }
  await permit(2);
  await using late = await createSystem({ name: "late", transport: remoting({ nameServers }) });
  const unread = await assertFails(
    late.serve(contract, { echo: () => 0, keyed: () => "" }),
    "permission_denied",
    "not_sent",
  );
  assert.match(unread.message, /^Nobody may read topic /);
});

Deno.test("remoting() gets past name servers that are dead, and past what is none", async () => {
  await using http = new ScriptedPeer((session) => session.cut());
  const nameServers = `${NOBODY};${http.address};${sharedNameServer()}`;
  const contract = freshContract();
  await using _server = await serving(contract, remoting({ nameServers }));
  await using client = await caller(nameServers);
  assert.equal(await client.client(contract).keyed("a"), "a");
});

Deno.test("remoting() serves calls with keys where nobody may use the name servers' store", async () => {
  const store: readonly number[] = [RequestCode.PUT_KV_CONFIG, RequestCode.GET_KV_CONFIG];
  await using relayed = await RelayedCluster.open(
    sharedNameServer(),
    ({ code }) => store.includes(code) ? { code: ResponseCode.NO_PERMISSION, remark: "no" } : undefined,
  );
  const { nameServers } = relayed;
  const contract = freshContract();
  await using _server = await serving(contract, remoting({ nameServers }));
  await using client = await caller(nameServers);
  const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
  assert.deepEqual(await Promise.all(keys.map((key) => client.client(contract).keyed(key))), keys);
  const transport = remoting({ nameServers });
  await transport.start({ clock: systemClock, random: Math.random, instance: Date.now() });
  assert.equal((await transport.plan(topicOf(contract.name))).number, 0);
  await transport.close();
});

/** What a broker says of a send before it takes one, that many times. */
async function refusedSends(
  reply: RequestReply,
  times: number,
  use: (client: CallerSystem, contract: TestContract, refusals: () => number) => Promise<void>,
): Promise<void> {
  let refusals = 0;
  const intercept: Intercept = ({ code }) =>
    code === RequestCode.SEND_MESSAGE_V2 && refusals < times ? (refusals++, reply) : undefined;
  const nameServers = sharedNameServer();
  await using relayed = await RelayedCluster.open(nameServers, intercept);
  const contract = freshContract();
  await using _server = await serving(contract, remoting({ nameServers }));
  await using client = await caller(relayed.nameServers);
  await use(client, contract, () => refusals);
}

const BUSY = {
  code: ResponseCode.SYSTEM_BUSY,
  remark: "[REJECTREQUEST]system busy, start flow control for a while",
};
const FULL = {
  code: ResponseCode.SERVICE_NOT_AVAILABLE,
  remark: "service not available now. the disk is full [CL: 0.95]",
};

Deno.test("remoting() sends again what a busy broker refused, and says how it ended within the deadline", async () => {
  await refusedSends(BUSY, 2, async (client, contract, refusals) => {
    assert.equal(await client.client(contract).keyed("a"), "a");
    assert.equal(refusals(), 2);
  });
  for (
    const [reply, advice] of [[BUSY, /2 SYSTEM_BUSY: .*; the broker has more/], [
      FULL,
      /diskMaxUsedSpaceRatio/,
    ]] as const
  ) {
    await refusedSends(reply, Infinity, async (client, contract) => {
      for (
        const call of [
          () => client.client(contract, { timeoutMs: 3_000 }).keyed("a"),
          () => client.client(contract, { timeoutMs: 3_000 }).echo("a"),
        ]
      ) {
        const since = performance.now();
        assert.match((await assertFails(call(), "unavailable", "not_sent")).message, advice);
        assert.ok(performance.now() - since < 8_000);
      }
    });
  }
});

Deno.test("remoting() runs on 4.9 and 5.x brokers side by side, and says what the older ones cannot do", async () => {
  const brokerConfig = { maxMessageSize: "65536" };
  await using newer = await startCluster({ brokerConfig, timeoutMs: 180_000 });
  const { nameServer } = newer;
  await using _older = await startCluster({
    version: OLD_VERSION,
    nameServer,
    namesFrom: 1,
    brokerConfig,
    timeoutMs: 180_000,
  });
  const contract = freshContract();
  await using server = await serving(contract, remoting({ nameServers: nameServer }));
  await using client = await caller(nameServer);
  const proxy = client.client(contract, { timeoutMs: 30_000 });
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
  assert.deepEqual(await Promise.all(keys.map((key) => proxy.keyed(key))), keys);
  assert.deepEqual(await Promise.all(keys.map((key) => proxy.echo(key))), keys);
  const transport = remoting({ nameServers: nameServer });
  await transport.start({ clock: systemClock, random: Math.random, instance: Date.now() });
  assert.equal(transport.capabilities.delayMs, false);
  const topic = topicOf(contract.name);
  const queues = await transport.queues(topic);
  assert.deepEqual([queues.length, (await transport.plan(topic)).number], [32, 1]);
  const message = { topic, tag: "echo", keys: [], headers: new Map(), body: new Uint8Array(1) };
  const [onNewer, onOlder] = ["broker-a", "broker-b"].map((name) =>
    queues.find(({ broker }) => broker === name)
  );
  assert.ok(onNewer && onOlder);
  const refusal = await assertFails(
    transport.send(message, { queue: onOlder, delayMs: 5_000 }),
    "unimplemented",
    "not_sent",
  );
  assert.equal(refusal.message, "Cannot hold a message back: this broker cannot; RocketMQ can from 5.0 on");
  // A body that is larger than the broker takes.
  for (const queue of [onNewer, onOlder]) {
    const large = transport.send({ ...message, body: new Uint8Array(100_000) }, { queue });
    assert.match(
      (await assertFails(large, "invalid_argument", "not_sent")).message,
      /13 MESSAGE_ILLEGAL.*; send a smaller message, or raise 'maxMessageSize' of the broker/,
    );
  }
  await assertFails(proxy.echo("x".repeat(100_000)), "invalid_argument", "not_sent");
  await transport.close();
  assert.equal(server.tree().children.length > 0, true);
});

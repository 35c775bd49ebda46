import assert from "node:assert/strict";
import { actor, createSystem, defineEntity, defineService, method, type } from "rocket-actors";
import { grpc } from "rocket-actors/transport/grpc";
import { ScriptedProxy } from "../../../fault/scripted_proxy.ts";
import { HastyClock, startGrpc, textMessage } from "../../../helpers/grpc_stage.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { assertFails, failureOf, until } from "../../../helpers/settled.ts";

const TOPIC_NOT_FOUND = 40_402;
const INTERNAL = 50_001;
const TOO_MANY = 42_900;

Deno.test("GrpcTransport calls through a proxy, and closes without a word from it", async () => {
  await using proxy = await ScriptedProxy.start();
  const contract = defineService("test.Scripted", { double: method<number, number>({ safe: true }) });
  await using system = await createSystem({
    name: "scripted",
    transport: grpc({ endpoints: proxy.endpoint, pollMs: 200 }),
  });
  await system.serve(contract, { double: (input) => input * 2 });
  const client = system.client(contract, { timeoutMs: 5_000 });
  assert.deepEqual(await Promise.all([1, 2, 3].map((input) => client.double(input))), [2, 4, 6]);
  proxy.stop();
  const since = performance.now();
  await system.close();
  assert.ok(performance.now() - since < 8_000, "it may not wait for a proxy that is gone");
});

Deno.test("GrpcTransport receives nothing before its settings are answered", async () => {
  await using proxy = await ScriptedProxy.start();
  await using _ = await startGrpc({ endpoints: proxy.endpoint });
  const { asked } = proxy;
  assert.ok(asked.indexOf("settings") >= 0 && asked.indexOf("settings") < asked.indexOf("heartbeat"));
  assert.ok(asked.indexOf("heartbeat") < asked.indexOf("receive"), asked.join());
});

Deno.test("GrpcTransport refuses to serve entities and actors with state per key, and says why", async () => {
  await using proxy = await ScriptedProxy.start();
  await using system = await createSystem({
    name: "x",
    transport: grpc({ endpoints: proxy.endpoint, pollMs: 200 }),
  });
  const account = defineEntity("test.Account", { deposit: method<number, number>() });
  const served = system.serve(account, () => ({ deposit: (input: number) => input }));
  await assert.rejects(served, (error: Error) => {
    assert.equal(error.name, "TypeError");
    return /settles message by message, so no instance owns a key of the entity/.test(error.message);
  });
  const keyed = defineService("test.Keyed", {
    transfer: method({ input: type<string>(), output: type<string>(), key: (input) => input }),
  });
  await assert.rejects(
    system.serve(keyed, { transfer: actor(() => (input: string) => input) }),
    /settles message by message, so no instance owns the keys that the actor\(\) of "transfer" keeps state of/,
  );
});

Deno.test("GrpcTransport lists the commands for topics and groups that are missing", async () => {
  await using proxy = await ScriptedProxy.start();
  await using system = await createSystem({
    name: "x",
    transport: grpc({ endpoints: proxy.endpoint, pollMs: 200 }),
  });
  proxy.script = { code: (kind) => kind === "route" ? TOPIC_NOT_FOUND : undefined };
  const plain = defineService("test.Plain", { run: method() });
  const failure = await failureOf(system.serve(plain, { run: () => {} }));
  assert.deepEqual([failure.code, failure.outcome], ["failed_precondition", "not_sent"]);
  assert.deepEqual(failure.message.split("\n").slice(1), [
    "mqadmin updateTopic -n '<name servers>' -c '<cluster>' -t 'test-Plain' -r 16 -w 16 -a '+message.type=NORMAL'",
    "mqadmin updateSubGroup -n '<name servers>' -c '<cluster>' -g 'rpc-test-Plain'",
    "mqadmin updateTopic -n '<name servers>' -c '<cluster>' -t '%DLQ%rpc-test-Plain' -r 1 -w 1 " +
    "-a '+message.type=NORMAL'",
  ]);
  const keyed = defineService("test.Keyed", {
    run: method({ input: type<string>(), output: type<string>(), key: (input) => input }),
  });
  const ordered = await failureOf(system.serve(keyed, { run: (input) => input }));
  assert.match(ordered.message, /-t 'test-Keyed' -r 16 -w 16 -o true -a '\+message\.type=FIFO'/);
  assert.match(ordered.message, /-g 'rpc-test-Keyed' -o true/);
});

Deno.test("GrpcTransport refuses a topic and a group that keep no order where keys ask for it", async () => {
  await using proxy = await ScriptedProxy.start();
  await using system = await createSystem({
    name: "x",
    transport: grpc({ endpoints: proxy.endpoint, pollMs: 200 }),
  });
  const keyed = defineService("test.Keyed", {
    run: method({ input: type<string>(), output: type<string>(), key: (input) => input }),
  });
  const wrongTopic = await failureOf(system.serve(keyed, { run: (input) => input }));
  assert.equal(wrongTopic.code, "failed_precondition");
  assert.match(wrongTopic.message, /topic "test-Keyed" keeps no order of keys: it takes NORMAL, not FIFO/);
});

Deno.test("GrpcTransport says that a topic may be used later while its proxy cannot tell whether it keeps an order", async () => {
  const UNTOLD = 0;
  await using proxy = await ScriptedProxy.start({
    types: (topic) => topic === "rpc-replies" ? [1] : [UNTOLD],
  });
  await using system = await createSystem({
    name: "x",
    transport: grpc({ endpoints: proxy.endpoint, pollMs: 200 }),
  });
  const keyed = defineService("test.Keyed", {
    run: method({ input: type<string>(), output: type<string>(), key: (input) => input }),
  });
  const early = await failureOf(system.serve(keyed, { run: (input) => input }));
  assert.deepEqual([early.code, early.outcome], ["unavailable", "not_sent"]);
  assert.match(
    early.message,
    /topic "test-Keyed" yet: its proxy does not know what kinds of message it takes/,
  );
});

Deno.test("GrpcTransport refuses a group without order on a topic with it", async () => {
  const FIFO = 2;
  await using proxy = await ScriptedProxy.start({ types: (topic) => topic === "rpc-replies" ? [1] : [FIFO] });
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  const joining = started.transport.subscribe(
    { topic: "Ordered", group: "rpc-Ordered" },
    new RecordingSink(),
  );
  const failure = await failureOf(joining);
  assert.equal(failure.code, "failed_precondition");
  assert.match(failure.message, /mqadmin updateSubGroup .* -g 'rpc-Ordered' -o true/);
});

Deno.test("GrpcTransport says what to do when there is no topic of replies", async () => {
  await using proxy = await ScriptedProxy.start({
    code: (kind) => kind === "route" ? TOPIC_NOT_FOUND : undefined,
  });
  const failure = await failureOf(startGrpc({ endpoints: proxy.endpoint }));
  assert.deepEqual([failure.code, failure.outcome], ["failed_precondition", "not_sent"]);
  assert.match(failure.message, /mqadmin updateTopic .* -t 'rpc-replies' -r 8 -w 8/);
});

Deno.test("GrpcTransport backs off where receives end at once, and where they end well with a refusal inside", async () => {
  await using proxy = await ScriptedProxy.start();
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  const sink = new RecordingSink();
  const { transport } = started;
  const subscription = await transport.subscribe({ topic: "T", group: "rpc-T" }, sink);
  for (
    const script of [{ code: (kind: string) => kind === "receive" ? INTERNAL : undefined }, { hasty: true }]
  ) {
    proxy.script = script;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = proxy.count("receive");
    await new Promise((resolve) => setTimeout(resolve, 500));
    const receives = proxy.count("receive") - before;
    assert.ok(receives < 60, `${receives} receives in half a second`);
    await until(() => proxy.count("receive") > before + receives);
  }
  proxy.script = {};
  const [queue] = await transport.queues("T");
  assert.ok(queue);
  await transport.send(textMessage("T", "after"), { queue });
  await until(() => sink.texts.includes("after"));
  await subscription.close();
});

Deno.test("GrpcTransport sends what gathers in one request, and spares the others of a batch that is refused", async () => {
  await using proxy = await ScriptedProxy.start();
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  const { transport } = started;
  const [queue] = await transport.queues("T");
  assert.ok(queue);
  proxy.sends.length = 0;
  const tags = ["a", "b", "c", "d"];
  await Promise.all(tags.map((tag) => transport.send(textMessage("T", tag, { tag }), { queue })));
  assert.deepEqual(proxy.sends, [tags]);
  proxy.script = { code: (_, request) => hasTag(request, "b") ? 40_004 : undefined };
  const results = await Promise.allSettled(
    tags.map((tag) => transport.send(textMessage("T", tag, { tag }), { queue })),
  );
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  await assertFails(
    transport.send(textMessage("T", "b", { tag: "b" }), { queue }),
    "invalid_argument",
    "not_sent",
  );
});

Deno.test("GrpcTransport tells what certainly was not stored from what may have been", async () => {
  await using proxy = await ScriptedProxy.start();
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  const { transport } = started;
  const [queue] = await transport.queues("T");
  assert.ok(queue);
  const send = () => transport.send(textMessage("T", "x"), { queue });
  const outcomes = [
    [TOO_MANY, "unavailable", "not_sent"],
    [TOPIC_NOT_FOUND, "unavailable", "not_sent"],
    [40_007, "invalid_argument", "not_sent"],
    [40_100, "unauthenticated", "not_sent"],
    [40_300, "permission_denied", "not_sent"],
    [INTERNAL, "unavailable", "sent_unknown"],
    [50_400, "unavailable", "sent_unknown"],
  ] as const;
  for (const [code, expected, outcome] of outcomes) {
    proxy.script = { code: (kind) => kind === "send" ? code : undefined };
    await assertFails(send(), expected, outcome);
  }
  proxy.script = { silent: (kind) => kind === "send" };
  const pending = assertFails(send(), "unavailable", "sent_unknown");
  await until(() => proxy.count("send") > outcomes.length);
  proxy.stop();
  await pending;
  await assertFails(send(), "unavailable", "not_sent");
});

Deno.test("GrpcTransport settles many messages with one request, and tries again what was not answered", async () => {
  await using proxy = await ScriptedProxy.start();
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  const { transport } = started;
  const sink = new RecordingSink();
  await transport.subscribe({ topic: "T", group: "rpc-T" }, sink);
  const [queue] = await transport.queues("T");
  assert.ok(queue);
  await until(() => proxy.acks.length > 0);
  proxy.acks.length = 0;
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => transport.send(textMessage("T", `${index}`), { queue })),
  );
  await until(() => sink.deliveries.length === 20);
  proxy.script = { code: (kind) => kind === "ack" ? INTERNAL : undefined };
  for (const delivery of sink.deliveries) delivery.ack();
  await until(() => proxy.acks.length >= 2);
  proxy.script = {};
  await until(() => (proxy.acks.at(-1)?.length ?? 0) === 20);
  assert.ok(proxy.acks.every((receipts) => receipts.length === 20), "all travel together");
});

Deno.test("GrpcTransport opens its session again when telemetry ends, and keeps what it receives", async () => {
  await using proxy = await ScriptedProxy.start();
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  const { transport, heard } = started;
  const before = proxy.count("settings");
  proxy.endTelemetry();
  await until(() => proxy.count("settings") > before);
  await transport.sendTo(transport.addresses.reply, textMessage("", "still here"));
  await until(() => heard.length === 1);
});

Deno.test("GrpcTransport goes on when its proxy was killed and comes back", async () => {
  await using proxy = await ScriptedProxy.start();
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  const { transport, heard, states } = started;
  const sink = new RecordingSink();
  await transport.subscribe({ topic: "T", group: "rpc-T" }, sink);
  const [queue] = await transport.queues("T");
  assert.ok(queue);
  proxy.stop();
  await until(() => states.at(-1) === "degraded");
  await proxy.listen();
  const back = performance.now();
  await until(() => states.at(-1) === "connected");
  await transport.send(textMessage("T", "again"), { queue });
  await until(() => sink.texts.includes("again"));
  await transport.sendTo(transport.addresses.reply, textMessage("", "hello"));
  await until(() => heard.length === 1);
  assert.ok(performance.now() - back < 8_000, `it took ${performance.now() - back} ms`);
});

Deno.test("GrpcTransport goes to another endpoint when one is lost", async () => {
  await using first = await ScriptedProxy.start();
  await using second = await ScriptedProxy.start();
  await using started = await startGrpc({ endpoints: `${first.endpoint};${second.endpoint}` });
  const { transport, heard } = started;
  assert.equal(second.count("telemetry"), 0);
  first.stop();
  await until(() => second.count("receive") > 0);
  await transport.sendTo(transport.addresses.reply, textMessage("", "over there"));
  await until(() => heard.length === 1);
});

Deno.test("GrpcTransport gives up a connection whose proxy answers no heartbeat any more", async () => {
  await using proxy = await ScriptedProxy.start();
  const clock = new HastyClock();
  await using started = await startGrpc({ endpoints: proxy.endpoint }, clock);
  proxy.script = { silent: (kind) => kind === "heartbeat" };
  clock.pace(20);
  await until(() => started.states.at(-1) === "degraded");
  clock.pace(1);
  proxy.script = {};
  const before = proxy.count("settings");
  await until(() => started.states.at(-1) === "connected" && proxy.count("settings") > before);
});

Deno.test("GrpcTransport does not start where its settings are never answered", async () => {
  await using proxy = await ScriptedProxy.start({ silent: (kind) => kind === "telemetry" });
  const clock = new HastyClock();
  const starting = failureOf(startGrpc({ endpoints: proxy.endpoint }, clock));
  await until(() => proxy.count("telemetry") > 0);
  clock.pace(20);
  const failure = await starting;
  assert.deepEqual([failure.code, failure.outcome], ["unavailable", "not_sent"]);
  assert.match(failure.message, /did not answer settings/);
});

Deno.test("GrpcTransport receives from brokers that come later, requests and replies", async () => {
  await using proxy = await ScriptedProxy.start();
  const clock = new HastyClock();
  await using started = await startGrpc({ endpoints: proxy.endpoint }, clock);
  await started.transport.subscribe({ topic: "T", group: "rpc-T" }, new RecordingSink());
  proxy.script = { brokers: ["broker-a", "broker-b"] };
  clock.pace(60);
  await until(() => proxy.receivedFrom.has("T broker-b") && proxy.receivedFrom.has("rpc-replies broker-b"));
  clock.pace(1);
  assert.deepEqual((await started.transport.queues("T")).map(({ id }) => id), [0, 1]);
});

Deno.test("GrpcTransport signs its requests, and keeps topics apart by namespace", async () => {
  await using proxy = await ScriptedProxy.start();
  const credentials = { accessKey: "bank", secretKey: "secret", securityToken: "token" };
  await using _ = await startGrpc({ endpoints: proxy.endpoint, credentials, namespace: "ns" });
  assert.match(
    proxy.metadata["authorization"] ?? "",
    /^MQv2-HMAC-SHA1 Credential=bank, SignedHeaders=x-mq-date-time, Signature=[0-9A-F]{40}$/,
  );
  assert.equal(proxy.metadata["x-mq-session-token"], "token");
  assert.equal(proxy.metadata["x-mq-namespace"], "ns");
});

function hasTag(request: unknown, tag: string): boolean {
  // Requests to send have messages; others have none.
  const sent = request as { getMessagesList?(): { getSystemProperties(): { getTag(): string } }[] };
  return sent.getMessagesList?.().some((message) => message.getSystemProperties().getTag() === tag) ?? false;
}

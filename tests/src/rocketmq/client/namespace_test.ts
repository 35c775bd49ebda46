import assert from "node:assert/strict";
import fc from "fast-check";
import * as rocketmq from "../../../../src/rocketmq/mod.ts";
import {
  checkNamespace,
  withNamespace,
  withoutNamespace,
} from "../../../../src/rocketmq/client/namespace.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { REQUEST_CASES } from "./request_cases.ts";
import { storedRecord } from "./stored_record.ts";

const names = fc.stringMatching(/^(?:%RETRY%|%DLQ%)?[A-Za-z][A-Za-z0-9_-]{0,20}$/);

Deno.test("withNamespace() puts the namespace before a name, behind what marks retry and dead-letter topics", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["orders", "n%orders"],
    ["%RETRY%group", "%RETRY%n%group"],
    ["%DLQ%rpc-bank", "%DLQ%n%rpc-bank"],
    ["n%orders", "n%orders"],
    ["%DLQ%n%rpc-bank", "%DLQ%n%rpc-bank"],
    ["m%orders", "n%m%orders"],
    ["norders", "n%norders"],
    ["", ""],
  ];
  for (const [name, onWire] of cases) assert.equal(withNamespace("n", name), onWire);
  assert.equal(withNamespace(undefined, "orders"), "orders");
});

Deno.test("withNamespace() leaves alone what is the cluster's own", () => {
  const own = [
    "TBW102",
    "SCHEDULE_TOPIC_XXXX",
    "RMQ_SYS_TRACE_TOPIC",
    "rmq_sys_wheel_timer",
    "C_REPLY_TOPIC",
  ];
  for (const name of [...own, "CID_RMQ_SYS_TRANS", "CLIENT_INNER_PRODUCER"]) {
    assert.equal(withNamespace("n", name), name);
  }
});

Deno.test("withoutNamespace() undoes withNamespace(), which is done once only", () => {
  fc.assert(fc.property(names, (name) => {
    const onWire = withNamespace("n-1", name);
    assert.equal(withNamespace("n-1", onWire), onWire);
    assert.equal(withoutNamespace("n-1", onWire), name);
    assert.equal(withoutNamespace("other", onWire), onWire);
    assert.equal(withoutNamespace(undefined, onWire), onWire);
  }));
});

Deno.test("checkNamespace() refuses what would not come back", () => {
  assert.equal(checkNamespace("team_a-1"), "team_a-1");
  for (const wrong of ["", "a%b", "a b", "ü", "x".repeat(65)]) {
    assert.throws(() => checkNamespace(wrong), {
      name: "TypeError",
      message: /'namespace': .* 1 to 64 letters/,
    });
  }
  const options = { nameServers: "127.0.0.1:1", clientId: "c", namespace: "a%b" };
  assert.throws(() => new rocketmq.RocketMqClient(options), TypeError);
});

/** Fields and members that name a topic or a group. */
const NAMING = new Set(["topic", "b", "c", "a", "consumerGroup", "producerGroup", "group", "groupName"]);

/** The same request as a client of namespace `n` writes it. */
function inNamespace(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inNamespace);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (name === "i") return [name, `${member}INSTANCE_ID\u0001n\u0002`];
      if (typeof member !== "string") return [name, inNamespace(member)];
      return [name, NAMING.has(name) ? withNamespace("n", member) : member];
    }),
  );
}

for (const [name, { call, fields, body, answer, result }] of Object.entries(REQUEST_CASES)) {
  Deno.test(`${name} names topics and groups inside the client's namespace, and only those`, async () => {
    let asked: rocketmq.Command | undefined;
    await using peer = new ScriptedPeer(async (session) => {
      asked = await session.next();
      await session.answer(asked, answer);
    });
    const options = { nameServers: peer.address, clientId: "c", namespace: "n" };
    await using client = new rocketmq.RocketMqClient(options);
    assert.deepEqual(await call(client, peer.address), result);
    const text = new TextDecoder().decode(asked?.body);
    assert.deepEqual({ ...asked?.fields }, inNamespace(fields));
    if (typeof body === "object") assert.deepEqual(JSON.parse(text), inNamespace(body));
  });
}

Deno.test("RocketMqClient tells of messages and locks without the namespace, and finds by key inside it", async () => {
  const queue = { topic: "T", brokerName: "b", queueId: 3 };
  const record = storedRecord({ topic: "n%T", properties: "KEYS\u0001k1\u0002" });
  const locked = new TextEncoder().encode(
    JSON.stringify({ lockOKMQSet: [{ topic: "n%T", brokerName: "b", queueId: 3 }] }),
  );
  const header = { nextBeginOffset: "6", minOffset: "1", maxOffset: "7" };
  await using peer = new ScriptedPeer((session) =>
    session.serve(({ code }) => ({ code: 0, fields: header, body: code === 41 ? locked : record }))
  );
  const options = { nameServers: peer.address, clientId: "c", namespace: "n" };
  await using client = new rocketmq.RocketMqClient(options);
  const pulled = await rocketmq.pull(client, peer.address, {
    ...queue,
    group: "g",
    offset: 5,
    maxMessages: 32,
    suspendMs: 0,
  });
  assert.deepEqual(pulled.messages.map(({ topic }) => topic), ["T"]);
  const found = await rocketmq.queryByKey(client, peer.address, { topic: "T", key: "k1" });
  assert.deepEqual(found.map(({ topic }) => topic), ["T"]);
  assert.equal((await rocketmq.viewMessage(client, peer.address, 7)).topic, "T");
  assert.deepEqual(await rocketmq.lockQueues(client, peer.address, { group: "g", queues: [queue] }), [queue]);
});

Deno.test("topicNames() lists what is in the client's namespace, without it", async () => {
  const body = new TextEncoder().encode('{"topicList":["n%T","T","%DLQ%n%g","m%T","TBW102"]}');
  await using peer = new ScriptedPeer((session) => session.serve(() => ({ code: 0, body })));
  await using inside = new rocketmq.RocketMqClient({
    nameServers: peer.address,
    clientId: "c",
    namespace: "n",
  });
  assert.deepEqual(await rocketmq.topicNames(inside), ["T", "%DLQ%g", "TBW102"]);
  await using outside = new rocketmq.RocketMqClient({ nameServers: peer.address, clientId: "c" });
  assert.equal((await rocketmq.topicNames(outside)).length, 5);
});

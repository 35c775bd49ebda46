import assert from "node:assert/strict";
import { createDeferred } from "../../../../src/async/deferred.ts";
import * as rocketmq from "../../../../src/rocketmq/mod.ts";
import { type Script, ScriptedPeer, type Session } from "../../../fault/scripted_peer.ts";
import { GOLDEN_REQUESTS } from "./golden_requests.ts";
import type { RequestCase } from "./message_cases.ts";
import { REQUEST_CASES } from "./request_cases.ts";
import { storedRecord } from "./stored_record.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const queue = { topic: "T", brokerName: "b", queueId: 3 };
const pullRequest = { ...queue, group: "g", offset: 5, maxMessages: 32, suspendMs: 0 };
const pullHeader = { nextBeginOffset: "6", minOffset: "1", maxOffset: "7" };

async function withClient(
  script: Script,
  use: (client: rocketmq.RocketMqClient, address: string) => Promise<void>,
): Promise<void> {
  await using peer = new ScriptedPeer(script);
  await using client = new rocketmq.RocketMqClient({ nameServers: peer.address, clientId: "c" });
  await use(client, peer.address);
}

async function checkCase(
  name: string,
  { call, code, fields, body, answer, result }: RequestCase,
): Promise<void> {
  const session = createDeferred<Session>();
  await withClient(async (opened) => {
    session.resolve(opened);
    const request = await opened.next();
    assert.equal(request.code, code);
    assert.deepEqual({ ...request.fields }, { ...fields });
    const text = new TextDecoder().decode(request.body);
    assert.deepEqual(typeof body === "object" ? JSON.parse(text) : text, body ?? "");
    await opened.answer(request, answer);
  }, async (client, address) => {
    assert.deepEqual(await call(client, address), result);
    const { received } = await session.promise;
    assert.equal(Uint8Array.from(received).toHex(), GOLDEN_REQUESTS[name]);
  });
}

for (const [name, requestCase] of Object.entries(REQUEST_CASES)) {
  Deno.test(`${name} writes its request to the byte and reads the answer`, () =>
    checkCase(name, requestCase));
}

Deno.test("updateOffset() can send one-way", async () => {
  const arrived = createDeferred<rocketmq.Command>();
  await withClient(async (session) => arrived.resolve(await session.next()), async (client, address) => {
    await rocketmq.updateOffset(client, address, { ...queue, group: "g", offset: 1 }, { oneway: true });
    const { code, flag } = await arrived.promise;
    assert.deepEqual([code, flag], [15, 2]);
  });
});

Deno.test("pull() decodes messages, adds the offset delta and drops strangers of the same tag hash", async () => {
  const body = Uint8Array.from(
    ["Aa", "BB"].flatMap((
      tag,
    ) => [...storedRecord({ properties: `TAGS\u0001${tag}\u0002`, queueOffset: 5 })]),
  );
  const fields = { ...pullHeader, offsetDelta: "100" };
  await withClient((session) => session.serve(() => ({ code: 0, fields, body })), async (client, address) => {
    const all = await rocketmq.pull(client, address, pullRequest);
    assert.equal(all.status, "found");
    assert.deepEqual(all.messages.map(({ queueOffset }) => queueOffset), [105, 105]);
    const some = await rocketmq.pull(client, address, {
      ...pullRequest,
      subscription: { expression: "BB", version: 1 },
    });
    assert.deepEqual(some.messages.map(({ properties }) => properties.get("TAGS")), ["BB"]);
  });
});

Deno.test("queryByKey() finds one of several keys, viewMessage() the only message", async () => {
  const body = storedRecord({ properties: "KEYS\u0001k0 k1\u0002" });
  await withClient((session) => session.serve(() => ({ code: 0, body })), async (client, address) => {
    const found = await rocketmq.queryByKey(client, address, { topic: "T", key: "k1" });
    assert.deepEqual(found.map(({ queueOffset }) => queueOffset), [5]);
    assert.deepEqual(await rocketmq.queryByKey(client, address, { topic: "T", key: "k" }), []);
    assert.equal((await rocketmq.viewMessage(client, address, 7)).commitLogOffset, 0x1234);
  });
});

const REFUSED: Readonly<
  Record<string, (client: rocketmq.RocketMqClient, address: string) => Promise<unknown>>
> = {
  sendMessage: (client, address) =>
    rocketmq.sendMessage(client, address, {
      ...queue,
      properties: [],
      body: encode("x"),
      producerGroup: "p",
    }),
  sendBatch: (client, address) =>
    rocketmq.sendBatch(client, address, { ...queue, producerGroup: "p" }, [
      { properties: [], body: encode("x") },
    ]),
  sendReply: (client, address) =>
    rocketmq.sendReply(client, address, { ...queue, properties: [], body: encode("x"), producerGroup: "p" }),
  pull: (client, address) => rocketmq.pull(client, address, pullRequest),
  queryOffset: (client, address) => rocketmq.queryOffset(client, address, { ...queue, group: "g" }),
  lockQueues: (client, address) => rocketmq.lockQueues(client, address, { group: "g", queues: [queue] }),
  consumerIds: (client, address) => rocketmq.consumerIds(client, address, { group: "g", brokerName: "b" }),
  queryByKey: (client, address) => rocketmq.queryByKey(client, address, { topic: "T", key: "k" }),
  route: (client) => client.route("T"),
};

for (const [name, call] of Object.entries(REFUSED)) {
  Deno.test(`${name}() throws what the server refuses, with code, reason and address`, async () => {
    const answer = { code: 16, remark: "No permission\n\tat org.apache" };
    await withClient((session) => session.serve(() => answer), async (client, address) => {
      await assert.rejects(call(client, address), {
        name: "RocketMqError",
        kind: "refused",
        responseCode: 16,
        address,
        message: `${address} answered 16 NO_PERMISSION: No permission`,
      });
    });
  });

  if (name.startsWith("send")) continue;
  Deno.test(`${name}() tells when it cannot read the answer`, async () => {
    const answer = { code: 0, fields: { offset: "x", nextBeginOffset: "" }, body: encode("{") };
    await withClient((session) => session.serve(() => answer), async (client, address) => {
      await assert.rejects(call(client, address), {
        name: "RocketMqError",
        kind: "unknown",
        message: /Cannot read/,
      });
    });
  });
}

Deno.test("sendMessage() and sendBatch() refuse what brokers cannot store, before it sends", async () => {
  await withClient(() => {}, async (client, address) => {
    const message = { ...queue, properties: [], body: new Uint8Array(0), producerGroup: "p" };
    await assert.rejects(rocketmq.sendMessage(client, address, message), RangeError);
    const bad = { ...message, body: encode("x"), properties: [["a\u0001", "b"]] as const };
    await assert.rejects(rocketmq.sendMessage(client, address, bad), TypeError);
    const place = { ...queue, producerGroup: "p" };
    const long = { body: encode("x"), properties: [["a", "ä".repeat(16_384)]] as const };
    for (const batch of [[], [message], [long]]) {
      await assert.rejects(rocketmq.sendBatch(client, address, place, batch), RangeError);
    }
    await assert.rejects(rocketmq.sendBatch(client, address, place, [bad]), TypeError);
    await assert.rejects(rocketmq.pull(client, address, { ...pullRequest, offset: -1 }), RangeError);
    assert.equal(client.isConnected(address), false);
  });
});

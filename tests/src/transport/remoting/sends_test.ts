import assert from "node:assert/strict";
import { Reader } from "../../../../src/bytes/reader.ts";
import { RocketMqError } from "../../../../src/rocketmq/error.ts";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { Command, RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { Sends, type StoredOutgoing } from "../../../../src/transport/remoting/sends.ts";
import { ScriptedCluster } from "../../../helpers/scripted_cluster.ts";

const ALONE = RequestCode.SEND_MESSAGE_V2;
const BATCH = RequestCode.SEND_BATCH_MESSAGE;
const TOPIC = "shop-Orders";

/** Stores everything: counts offsets by queue. */
function storing(): (command: Command) => RequestReply {
  const offsets = new Map<string, number>();
  return ({ fields, code, body }) => {
    const queueId = fields["e"] ?? "";
    const offset = offsets.get(queueId) ?? 0;
    const count = code === BATCH ? bodiesIn(body).length : 1;
    offsets.set(queueId, offset + count);
    const ids = Array.from({ length: count }, (_, index) => `m${queueId}.${offset + index}`);
    return { code: 0, fields: { msgId: ids.join(","), queueId, queueOffset: String(offset) } };
  };
}

/** The bodies of a batch, as text. */
function bodiesIn(batch: Uint8Array): string[] {
  const reader = new Reader(batch);
  const bodies: string[] = [];
  while (reader.remaining > 0) {
    const end = reader.position + reader.i32();
    reader.seek(reader.position + 12);
    bodies.push(reader.utf8(reader.i32()));
    reader.seek(end);
  }
  return bodies;
}

class Fixture implements AsyncDisposable {
  readonly cluster: ScriptedCluster;
  readonly sends: Sends;

  constructor(answer: (command: Command) => RequestReply = storing()) {
    this.cluster = new ScriptedCluster(["a"], ({ command }) => answer(command));
    this.sends = new Sends(this.cluster.client);
  }

  send(text: string, changes: Partial<StoredOutgoing> = {}): Promise<string> {
    const message: StoredOutgoing = {
      brokerName: "a",
      topic: TOPIC,
      queueId: 1,
      producerGroup: "p",
      properties: [["TAGS", "t"]],
      body: new TextEncoder().encode(text),
      ...changes,
    };
    return this.sends.send(this.cluster.address("a"), message)
      .then(({ messageId, queueOffset }) => `${messageId}@${queueOffset}`);
  }

  /** Each request: the topic and the queue that it was for, and its bodies. */
  get requests(): [number, string, string[]][] {
    return this.cluster.asked.map(({ command: { code, fields, body } }) => [
      code,
      `${fields["b"]}/${fields["e"]}`,
      code === BATCH ? bodiesIn(body) : [new TextDecoder().decode(body)],
    ]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cluster[Symbol.asyncDispose]();
  }
}

Deno.test("Sends stores the messages of one turn to one queue by one request, in order", async () => {
  await using at = new Fixture();
  assert.deepEqual(await Promise.all([at.send("1"), at.send("2"), at.send("3")]), [
    "m1.0@0",
    "m1.1@1",
    "m1.2@2",
  ]);
  assert.deepEqual(at.requests, [[BATCH, `${TOPIC}/1`, ["1", "2", "3"]]]);
});

Deno.test("Sends stores a message that has no company by itself", async () => {
  await using at = new Fixture();
  assert.deepEqual([await at.send("1"), await at.send("2")], ["m1.0@0", "m1.1@1"]);
  assert.deepEqual(at.requests, [[ALONE, `${TOPIC}/1`, ["1"]], [ALONE, `${TOPIC}/1`, ["2"]]]);
});

Deno.test("Sends keeps queues and topics apart", async () => {
  await using at = new Fixture();
  const topic = "shop-Bills";
  await Promise.all([
    at.send("1"),
    at.send("2", { queueId: 2 }),
    at.send("3", { topic }),
    at.send("4"),
    at.send("5", { queueId: 2 }),
  ]);
  assert.deepEqual(at.requests, [
    [BATCH, `${TOPIC}/1`, ["1", "4"]],
    [BATCH, `${TOPIC}/2`, ["2", "5"]],
    [ALONE, `${topic}/1`, ["3"]],
  ]);
});

Deno.test("Sends puts at most 32 messages and 256 KiB into a request, and long properties into none", async () => {
  await using at = new Fixture();
  await Promise.all(Array.from({ length: 40 }, (_, index) => at.send(String(index))));
  assert.deepEqual(at.requests.map(([code, , bodies]) => [code, bodies.length]), [[BATCH, 32], [BATCH, 8]]);
  at.cluster.asked.length = 0;
  const kib = (count: number) => ({ body: new Uint8Array(count * 1_024).fill(120) });
  await Promise.all([
    at.send("", kib(200)),
    at.send("", kib(100)),
    at.send("", kib(50)),
    at.send("", kib(257)),
  ]);
  const sizes = at.requests.map(([code, , bodies]) => [code, ...bodies.map(({ length }) => length / 1_024)]);
  assert.deepEqual(sizes.toSorted((one, other) => Number(one[1]) - Number(other[1])), [
    [ALONE, 100],
    [BATCH, 200, 50],
    [ALONE, 257],
  ]);
  at.cluster.asked.length = 0;
  const long = { properties: [["h-a", "x".repeat(9_000)]] as const };
  await Promise.all([at.send("1", long), at.send("2", long)]);
  assert.deepEqual(at.requests.map(([code]) => code), [ALONE, ALONE]);
});

for (const code of [ResponseCode.MESSAGE_ILLEGAL, ResponseCode.REQUEST_CODE_NOT_SUPPORTED]) {
  Deno.test(`Sends asks for one by one what a broker refuses together, as with code ${code}`, async () => {
    const store = storing();
    await using at = new Fixture((command) => {
      if (command.code === BATCH) return { code, remark: "not so" };
      return new TextDecoder().decode(command.body) === "2" ? { code: 13, remark: "no" } : store(command);
    });
    const results = await Promise.allSettled([at.send("1"), at.send("2"), at.send("3")]);
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    assert.deepEqual(at.requests.slice(1).map(([, , bodies]) => bodies), [["1"], ["2"], ["3"]]);
  });
}

Deno.test("Sends tells each message of a request what it failed with, and sends none again", async () => {
  await using at = new Fixture(() => ({ code: ResponseCode.SYSTEM_ERROR, remark: "disk" }));
  const results = await Promise.allSettled([at.send("1"), at.send("2")]);
  for (const result of results) {
    assert.ok(result.status === "rejected" && result.reason instanceof RocketMqError);
    assert.equal(result.reason.responseCode, ResponseCode.SYSTEM_ERROR);
  }
  assert.deepEqual(at.requests.map(([code]) => code), [BATCH]);
});

Deno.test("Sends stores the others when a message of its turn cannot be written", async () => {
  await using at = new Fixture();
  const bad = { properties: [["h-a", "\u0001"]] as const };
  const [good, failed] = await Promise.allSettled([at.send("1"), at.send("2", bad)]);
  assert.deepEqual([good?.status, failed?.status], ["fulfilled", "rejected"]);
});

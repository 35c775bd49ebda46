/** Compressed bodies, from the official Java client to ours and the other way round, on a real broker. */
import assert from "node:assert/strict";
import {
  clusterInfo,
  createTopic,
  masterAddresses,
  pull,
  RocketMqClient,
  sendMessage,
} from "rocket-actors/rocketmq";
import { topicOf } from "../../src/call/plan.ts";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { startJava } from "./java.ts";

const START_MS = 60_000;
const MESSAGE_MS = 60_000;
/** Clients compress what is larger than 4 KiB. */
const TEXT = "Compressed by a stranger. ".repeat(800);
/** With the bits that mark each. RocketMQ: MessageSysFlag. */
const COMPRESSION_BITS = 0x701;
const WAYS = new Map([["ZLIB", 0x301], ["LZ4", 0x101], ["ZSTD", 0x201]]);
/** What our client compresses with; Java reads each since 4.9.4. */
const OURS = ["zlib", "zstd"] as const;
const QUEUE = 0;

Deno.test("bodies that Java has compressed in each of its ways are read, and Java reads ours", async (test) => {
  const nameServers = sharedNameServer();
  await using client = new RocketMqClient({ nameServers, clientId: `compressing-${crypto.randomUUID()}` });
  const [[brokerName, address] = ["", ""]] = masterAddresses(await clusterInfo(client));
  const topic = topicOf(freshName("compressed"));
  await createTopic(client, address, { topic, readQueues: 1, writeQueues: 1 });
  const queue = { topic, brokerName, queueId: QUEUE };

  await test.step("from Java to us", async () => {
    await using java = await startJava("Compressing", [nameServers, topic, TEXT, ...WAYS.keys()]);
    for (const way of WAYS.keys()) assert.equal(await java.nextLine(START_MS), `sent ${way}`);
    const place = { ...queue, group: "any", offset: 0, maxMessages: 32, suspendMs: 15_000 };
    const read: [string, string][] = [];
    while (read.length < WAYS.size) {
      const subscription = { expression: "*", version: 0 };
      const { messages } = await pull(client, address, { ...place, offset: read.length, subscription });
      for (const { properties, body, sysFlag } of messages) {
        const way = properties.get("TAGS") ?? "";
        assert.equal(sysFlag & COMPRESSION_BITS, WAYS.get(way), `${way} is what was sent`);
        read.push([way, new TextDecoder().decode(body)]);
      }
    }
    assert.deepEqual(read, [...WAYS.keys()].map((way) => [way, TEXT]));
  });

  await test.step("from us to Java", async () => {
    await using consumer = await startJava("Consumer", [
      nameServers,
      topic,
      `${topic}-java`,
      OURS.join(" || "),
    ]);
    assert.equal(await consumer.nextLine(START_MS), "ready");
    const message = { ...queue, body: new TextEncoder().encode(TEXT), producerGroup: "p" };
    for (const compression of OURS) {
      await sendMessage(client, address, { ...message, properties: [["TAGS", compression]], compression });
    }
    const seen = new Map<string, string>();
    while (seen.size < OURS.length) {
      const { tag, body } = Object(JSON.parse(await consumer.nextLine(MESSAGE_MS)));
      seen.set(tag, new TextDecoder().decode(Uint8Array.fromBase64(body)));
    }
    assert.deepEqual(seen, new Map(OURS.map((compression) => [compression, TEXT])));
  });
});

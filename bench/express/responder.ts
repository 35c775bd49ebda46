/**
 * Echoes what comes either way: `responder.ts <name server> <topic>`. What was pushed comes once more from its queue, as it
 * is stored there behind, and is passed over then.
 */
// deno-lint-ignore-file no-console -- a program: what goes wrong is written to its standard error
import {
  createSubscriptionGroup,
  PropertyName,
  pull,
  REPLY_MESSAGE_TYPE,
  RequestCode,
  ResponseCode,
  RocketMqClient,
  sendReply,
} from "../../src/rocketmq/mod.ts";
import { decodeProperties } from "../../src/rocketmq/client/properties.ts";
import { findTopic, PRODUCERS, QUEUES } from "../broker/peers/native_topic.ts";
import { untilInputEnds } from "../broker/requesting.ts";
import { CALLER, ownerOf } from "./names.ts";
import { Seen } from "./seen.ts";

const SUSPEND_MS = 15_000;
const MOST_MESSAGES = 32;
const REMEMBERED = 10_000;

const [nameServers = "", name = ""] = Deno.args;
const seen = new Seen(REMEMBERED);
const client = new RocketMqClient({
  nameServers,
  clientId: ownerOf(name),
  onRequest: (_, { code, fields, body }) => {
    if (code !== RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT) return undefined;
    // The broker's thread is let go first.
    queueMicrotask(() => run(decodeProperties(fields["properties"] ?? ""), body));
    return { code: ResponseCode.SUCCESS };
  },
});
// Held pulls have a connection of their own, so that nothing waits behind them.
const pulling = new RocketMqClient({ nameServers, clientId: `puller-${crypto.randomUUID()}` });
const { topic, brokerName, address, replies } = await findTopic(client, name);
const group = `${topic}-group`;
await createSubscriptionGroup(client, address, { group });

function run(properties: ReadonlyMap<string, string>, body: Uint8Array): void {
  const id = properties.get(PropertyName.CORRELATION_ID) ?? "";
  if (!seen.add(id)) return;
  sendReply(client, address, {
    ...{ brokerName, topic: replies, queueId: 0, body, producerGroup: PRODUCERS },
    properties: [
      [PropertyName.MESSAGE_TYPE, REPLY_MESSAGE_TYPE],
      [PropertyName.CORRELATION_ID, id],
      [PropertyName.REPLY_TO_CLIENT, properties.get(CALLER) ?? ""],
    ],
  }).catch((error) => console.error("reply failed:", error));
}

async function serve(queueId: number): Promise<void> {
  const subscription = { expression: "*", version: Date.now() };
  for (let offset = 0;;) {
    const { messages, nextOffset } = await pull(pulling, address, {
      ...{ group, topic, brokerName, queueId, offset, subscription },
      ...{ maxMessages: MOST_MESSAGES, suspendMs: SUSPEND_MS, commitOffset: offset },
    });
    offset = nextOffset;
    for (const { properties, body } of messages) run(properties, body);
  }
}

for (let queueId = 0; queueId < QUEUES; queueId++) void serve(queueId);
await untilInputEnds();
Deno.exit(0);

/** Echoes requests by our client alone: `native_responder.ts <name server> <topic>`. */
// deno-lint-ignore-file no-console -- a program: what goes wrong is written to its standard error
import {
  createSubscriptionGroup,
  PropertyName,
  pull,
  REPLY_MESSAGE_TYPE,
  RocketMqClient,
  sendReply,
  type StoredMessage,
} from "../../../src/rocketmq/mod.ts";
import { untilInputEnds } from "../requesting.ts";
import { findTopic, PRODUCERS, QUEUES } from "./native_topic.ts";

const SUSPEND_MS = 15_000;
const MOST_MESSAGES = 32;

const [nameServers = "", name = ""] = Deno.args;
const id = crypto.randomUUID();
// Held pulls have a connection of their own, so that nothing waits behind them.
const client = new RocketMqClient({ nameServers, clientId: `native-responder-${id}` });
const pulling = new RocketMqClient({ nameServers, clientId: `native-puller-${id}` });
const { topic, brokerName, address, replies } = await findTopic(client, name);
const group = `${topic}-group`;
await createSubscriptionGroup(client, address, { group });

async function reply({ properties, body }: StoredMessage): Promise<void> {
  await sendReply(client, address, {
    ...{ brokerName, topic: replies, queueId: 0, body, producerGroup: PRODUCERS },
    properties: [
      [PropertyName.MESSAGE_TYPE, REPLY_MESSAGE_TYPE],
      [PropertyName.CORRELATION_ID, properties.get(PropertyName.CORRELATION_ID) ?? ""],
      [PropertyName.REPLY_TO_CLIENT, properties.get(PropertyName.REPLY_TO_CLIENT) ?? ""],
    ],
  });
}

async function serve(queueId: number): Promise<void> {
  const subscription = { expression: "*", version: Date.now() };
  for (let offset = 0;;) {
    const { messages, nextOffset } = await pull(pulling, address, {
      ...{ group, topic, brokerName, queueId, offset, subscription },
      ...{ maxMessages: MOST_MESSAGES, suspendMs: SUSPEND_MS, commitOffset: offset },
    });
    offset = nextOffset;
    for (const message of messages) reply(message).catch((error) => console.error("reply failed:", error));
  }
}

for (let queueId = 0; queueId < QUEUES; queueId++) void serve(queueId);
await untilInputEnds();
Deno.exit(0);

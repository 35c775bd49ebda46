import { Buffer } from "node:buffer";
import { ConsumeResult, Producer, PushConsumer } from "rocketmq-client-nodejs";
import type { RocketMqClient } from "rocket-actors/rocketmq";
import { freshName } from "../../tests/broker/shared.ts";
import { makeTopics } from "../../tests/helpers/grpc_topics.ts";
import type { Calls } from "./calls.ts";

const TIMEOUT_MS = 10_000;
const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Request and reply over two topics, as its documentation would have it: a Producer and a PushConsumer at each end. */
export async function startPeer(endpoints: string, operator: RocketMqClient): Promise<Calls> {
  const name = freshName("Peer").replaceAll(".", "-");
  const [requests, replies] = [`${name}-requests`, `${name}-replies`];
  await makeTopics(operator, [
    { topic: requests, queues: 16, group: requests },
    { topic: replies, queues: 8, group: replies },
  ]);
  const shared = { endpoints, namespace: "", logger };
  const pending = new Map<string, (text: string) => void>();
  const server = new Producer({ ...shared });
  const caller = new Producer({ ...shared });
  const serving = new PushConsumer({
    ...shared,
    consumerGroup: requests,
    subscriptions: new Map([[requests, "*"]]),
    messageListener: {
      consume: async ({ body, properties }) => {
        await server.send({
          topic: replies,
          body,
          properties: new Map([["id", properties.get("id") ?? ""]]),
        });
        return ConsumeResult.SUCCESS;
      },
    },
  });
  const answered = new PushConsumer({
    ...shared,
    consumerGroup: replies,
    subscriptions: new Map([[replies, "*"]]),
    messageListener: {
      consume: ({ body, properties }) => {
        pending.get(properties.get("id") ?? "")?.(body.toString());
        return Promise.resolve(ConsumeResult.SUCCESS);
      },
    },
  });
  for (const client of [server, caller, serving, answered]) await client.startup();
  let count = 0;
  const call = async (text: string): Promise<string> => {
    const id = String(count++);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = setTimeout(() => reject(new Error("no reply")), TIMEOUT_MS);
    pending.set(id, resolve);
    try {
      await caller.send({ topic: requests, body: Buffer.from(text), properties: new Map([["id", id]]) });
      return await promise;
    } finally {
      clearTimeout(timer);
      pending.delete(id);
    }
  };
  // Its consumers begin a second after their start, and say so to nobody.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const close = async (): Promise<void> => {
    await Promise.race([
      Promise.allSettled([caller, server, serving, answered].map((client) => client.shutdown())),
      new Promise((resolve) => setTimeout(resolve, 5_000)),
    ]);
  };
  return { name: "rocketmq-client-nodejs", call, close };
}

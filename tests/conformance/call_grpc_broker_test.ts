import { RocketMqClient } from "rocket-actors/rocketmq";
import { sharedNameServer, sharedProxy } from "../broker/shared.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../helpers/grpc_topics.ts";
import { operatedGrpc } from "../helpers/operated_grpc.ts";
import { callSuite } from "./call_suite.ts";

callSuite("gRPC", async () => {
  const nameServers = sharedNameServer();
  const endpoints = sharedProxy();
  const operator = new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` });
  await makeTopics(operator, [REPLY_TOPIC_SPEC]);
  return {
    transport: () => operatedGrpc(operator, { endpoints, pollMs: 200, redeliverAfterMs: 5_000 }),
    declarePlan: () => Promise.reject(new TypeError("Nobody declares plans over gRPC")),
    [Symbol.asyncDispose]: () => operator.close(),
  };
}, { choosesQueues: false });

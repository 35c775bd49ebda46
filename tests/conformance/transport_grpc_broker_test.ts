import type { Capabilities } from "rocket-actors";
import { masterAddress, RocketMqClient, sendMessage } from "rocket-actors/rocketmq";
import { grpc } from "rocket-actors/transport/grpc";
import { sharedNameServer, sharedProxy } from "../broker/shared.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../helpers/grpc_topics.ts";
import { operatedGrpc } from "../helpers/operated_grpc.ts";
import type { TransportFixture } from "./transport_stage.ts";
import { transportSuite } from "./transport_suite.ts";

/** A port at which nobody listens. */
const NOBODY = "127.0.0.1:1";
/** Marks a body as compressed. RocketMQ: MessageSysFlag. */
const COMPRESSED = 0x1;
/** The proxies of tests take it that short. */
const REDELIVER_AFTER_MS = 5_000;

const CAPABILITIES: Capabilities = {
  ownership: "perMessage",
  ownedPartitions: false,
  orderedKeys: true,
  delayMs: false,
  durable: true,
  storedReplies: false,
  presence: false,
  maxBodyBytes: 3 * 1024 * 1024,
};

async function open(): Promise<TransportFixture> {
  const nameServers = sharedNameServer();
  const endpoints = sharedProxy();
  const operator = new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` });
  await makeTopics(operator, [REPLY_TOPIC_SPEC]);
  return {
    capabilities: CAPABILITIES,
    transport: () => operatedGrpc(operator, { endpoints, pollMs: 200, redeliverAfterMs: REDELIVER_AFTER_MS }),
    unreachable: () => grpc({ endpoints: NOBODY }),
    // The remoting protocol's way to say "compressed"; proxies pass such bodies on as they are.
    storeDamaged: async ({ topic }) => {
      const route = await operator.route(topic);
      const [brokerName = ""] = route.brokers.keys();
      const address = masterAddress(route, brokerName) ?? "";
      const message = { brokerName, topic, queueId: 0, body: Uint8Array.of(1, 2, 3), properties: [] };
      await sendMessage(operator, address, { ...message, producerGroup: "tools", sysFlag: COMPRESSED });
    },
    declarePlan: () => Promise.reject(new TypeError("Nobody declares plans over gRPC")),
    lose: () => {},
    [Symbol.asyncDispose]: () => operator.close(),
  };
}

transportSuite({ name: "gRPC", ownership: "perMessage", choosesQueues: false, latenessMs: 8_000, open });

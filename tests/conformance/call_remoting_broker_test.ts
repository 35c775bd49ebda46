import { RocketMqClient } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { sharedNameServer } from "../broker/shared.ts";
import { declarePlan } from "../helpers/declare_plan.ts";
import { callSuite } from "./call_suite.ts";

callSuite("remoting", () => {
  const nameServers = sharedNameServer();
  const tools = new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` });
  return Promise.resolve({
    transport: () => remoting({ nameServers }),
    declarePlan: (topic, number, queues) => declarePlan(tools, topic, number, queues),
    [Symbol.asyncDispose]: () => tools.close(),
  });
});

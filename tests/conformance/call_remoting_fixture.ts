import type { Transport } from "rocket-actors";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { declarePlan } from "../helpers/declare_plan.ts";
import type { CallSuiteFixture } from "./call_suite.ts";

/** The call suite's way to a cluster, with an operator's tools beside the instances. */
export function remotingFixture(nameServers: string, transport: () => Transport): Promise<CallSuiteFixture> {
  const tools = new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` });
  return Promise.resolve({
    transport,
    declarePlan: (topic, number, queues) => declarePlan(tools, topic, number, queues),
    [Symbol.asyncDispose]: () => tools.close(),
  });
}

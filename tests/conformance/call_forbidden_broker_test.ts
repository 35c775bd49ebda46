import assert from "node:assert/strict";
import { RpcError, type Transport } from "rocket-actors";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { RequestCode, ResponseCode } from "../../src/rocketmq/remote/codes.ts";
import { type Cluster, startCluster } from "../broker/launcher.ts";
import { type Intercept, RelayedCluster } from "../fault/relay.ts";
import { declarePlan } from "../helpers/declare_plan.ts";
import { runMqadmin } from "../helpers/mqadmin.ts";
import { callSuite, type CallSuiteFixture } from "./call_suite.ts";

/** What only operators may do. */
const FORBIDDEN: ReadonlySet<number> = new Set([
  RequestCode.UPDATE_AND_CREATE_TOPIC,
  RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
  RequestCode.PUT_KV_CONFIG,
]);

const forbid: Intercept = ({ code }) =>
  FORBIDDEN.has(code) ? { code: ResponseCode.NO_PERMISSION, remark: "not for applications" } : undefined;

let shared: Promise<Cluster> | undefined;

/** One cluster for all tests of this file, which makes neither topics nor groups by itself. */
function cluster(): Promise<Cluster> {
  const brokerConfig = { autoCreateTopicEnable: "false", autoCreateSubscriptionGroup: "false" };
  return shared ??= startCluster({ brokerConfig, timeoutMs: 180_000 });
}

/** An instance in whose place an operator runs the commands that its error lists. */
function operated(transport: Transport, operator: RocketMqClient): Transport {
  const ensureTopics: Transport["ensureTopics"] = async (specs, options) => {
    try {
      return await transport.ensureTopics(specs, options);
    } catch (error) {
      assert.ok(error instanceof RpcError && error.code === "failed_precondition", String(error));
      assert.equal(error.outcome, "not_sent");
      assert.ok(await runMqadmin(operator, error.message) > 0, error.message);
      // What it listed was all that was missing.
      await transport.ensureTopics(specs, options);
    }
  };
  return new Proxy(transport, {
    get(target, property) {
      if (property === "ensureTopics") return ensureTopics;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function open(): Promise<CallSuiteFixture> {
  const { nameServer } = await cluster();
  const relayed = await RelayedCluster.open(nameServer, forbid);
  const operator = new RocketMqClient({ nameServers: nameServer, clientId: `op-${crypto.randomUUID()}` });
  return {
    transport: () => operated(remoting({ nameServers: relayed.nameServers }), operator),
    declarePlan: (topic, number, queues) => declarePlan(operator, topic, number, queues),
    [Symbol.asyncDispose]: async () => {
      await operator.close();
      await relayed[Symbol.asyncDispose]();
    },
  };
}

Deno.test.beforeAll(async () => void await cluster());
Deno.test.afterAll(async () => await (await shared)?.[Symbol.asyncDispose]());

callSuite("remoting, where applications may make nothing", open);

import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { clusterInfo, masterAddresses } from "../../rocketmq/client/cluster.ts";
import { groupExists } from "../../rocketmq/client/groups.ts";
import { createSubscriptionGroup, createTopic } from "../../rocketmq/client/topics.ts";
import { ResponseCode } from "../../rocketmq/remote/codes.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import type { Clock } from "../../async/clock.ts";
import type { TopicSpec } from "../transport.ts";
import { isRefusal } from "./errors.ts";
import { sideGroups } from "./names.ts";

/** How often the name server is asked whether a new topic has arrived there, in milliseconds. */
const ROUTE_POLL_MS = 50;

/** What making topics takes. */
export interface TopicMaker {
  readonly client: RocketMqClient;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes a topic and its groups where they are missing. A topic is made only after the name server has said that there
 * is none, because making it again would overwrite its queue counts; on all masters at once.
 *
 * @throws {RpcError} `failed_precondition` / `not_sent` with the commands to run, where brokers do not let us
 */
export async function ensureTopic(spec: TopicSpec, maker: TopicMaker): Promise<void> {
  const masters = [...masterAddresses(await clusterInfo(maker.client, maker)).values()];
  try {
    if (!await topicExists(spec.topic, maker)) {
      const { topic, queues } = spec;
      for (const address of masters) {
        await createTopic(maker.client, address, { topic, readQueues: queues, writeQueues: queues }, maker);
      }
      await routeArrived(spec.topic, maker);
    }
    if (spec.group !== undefined) await ensureGroups(spec.group, masters, maker);
  } catch (error) {
    if (isRefusal(error, ResponseCode.NO_PERMISSION)) throw forbidden(spec, error);
    throw error;
  }
}

async function ensureGroups(group: string, masters: readonly string[], maker: TopicMaker): Promise<void> {
  const names = [group, ...sideGroups.all(group)];
  await Promise.all(masters.flatMap((address) =>
    names.map(async (name) => {
      if (await groupExists(maker.client, address, name, maker)) return;
      await createSubscriptionGroup(maker.client, address, { group: name }, maker);
    })
  ));
}

async function topicExists(topic: string, { client, signal }: TopicMaker): Promise<boolean> {
  try {
    await client.route(topic, { fresh: true, signal });
    return true;
  } catch (error) {
    if (isRefusal(error, ResponseCode.TOPIC_NOT_EXIST)) return false;
    throw error;
  }
}

async function routeArrived(topic: string, maker: TopicMaker): Promise<void> {
  while (!await topicExists(topic, maker)) {
    await new Promise<void>((resolve) => void maker.clock.after(ROUTE_POLL_MS, resolve));
    maker.signal?.throwIfAborted();
  }
}

function forbidden({ topic, queues, group }: TopicSpec, cause: unknown): RpcError {
  const commands = [
    `mqadmin updateTopic -n <name servers> -c <cluster> -t '${topic}' -r ${queues} -w ${queues}`,
  ];
  if (group !== undefined) {
    for (const name of [group, ...sideGroups.all(group)]) {
      commands.push(`mqadmin updateSubGroup -n <name servers> -c <cluster> -g '${name}'`);
    }
  }
  const message = `Cannot make topic "${topic}": the broker forbids it. Run once:\n${commands.join("\n")}`;
  return new RpcError("failed_precondition", message, { outcome: "not_sent", cause });
}

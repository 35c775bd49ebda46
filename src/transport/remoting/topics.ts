import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { type ClusterInfo, clusterInfo, masterAddresses } from "../../rocketmq/client/cluster.ts";
import { groupExists } from "../../rocketmq/client/groups.ts";
import { masterAddress, type TopicRoute } from "../../rocketmq/client/route.ts";
import { createSubscriptionGroup, createTopic } from "../../rocketmq/client/topics.ts";
import { ResponseCode } from "../../rocketmq/remote/codes.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { Clock } from "../../async/clock.ts";
import { pause } from "../pause.ts";
import type { TopicSpec } from "../transport.ts";
import { formatPlan, PLAN_NAMESPACE } from "./declared_plan.ts";
import { ADMIN_TIMEOUT_MS, ROUTE_ARRIVAL_MS } from "./defaults.ts";
import { isRefusal } from "./errors.ts";
import { sideGroups } from "./names.ts";

/** How often the name server is asked whether a new topic has arrived there, in milliseconds. */
const ROUTE_POLL_MS = 50;

const log = logger("transport");

/** What making topics takes. */
export interface TopicMaker {
  readonly client: RocketMqClient;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/** A topic with exactly those groups. */
export interface TopicAndGroups extends Omit<TopicSpec, "group"> {
  readonly groups: readonly string[];
}

/** A class topic with its group and what the transport keeps beside that. */
export function withSideGroups({ group, ...spec }: TopicSpec): TopicAndGroups {
  return { ...spec, groups: group === undefined ? [] : [group, ...sideGroups.all(group)] };
}

/** What brokers do not let us make. */
interface Forbidden {
  topic: boolean;
  readonly groups: Set<string>;
  cause: unknown;
}

/**
 * Makes topics and their groups where they are missing. A topic is made only after the name servers have said that
 * there is none, because making it again would overwrite its queue counts; on all masters at once.
 *
 * @throws {RpcError} `failed_precondition` / `not_sent` with the commands to run, where brokers do not let us
 */
export async function ensureTopics(specs: readonly TopicAndGroups[], maker: TopicMaker): Promise<void> {
  const info = await clusterInfo(maker.client, maker);
  const masters = masterAddresses(info);
  if (masters.size === 0) {
    const message = `Cannot make topics: no broker has registered with ${nameServersOf(maker)}; start one, ` +
      "and check that its 'namesrvAddr' names these";
    throw new RpcError("unavailable", message, { outcome: "not_sent" });
  }
  const results = await Promise.all(specs.map((spec) => ensureTopic(spec, masters, maker)));
  const commands = specs.flatMap((spec, index) => commandsFor(spec, results[index], info, maker));
  if (commands.length === 0) return;
  const names = specs.filter((_, index) => isForbidden(results[index])).map(({ topic }) => `"${topic}"`);
  const message = `Cannot make what ${names.join(" and ")} needs: the cluster forbids it. ` +
    `Have somebody who may run this once:\n${commands.join("\n")}`;
  const cause = results.find(isForbidden)?.cause;
  throw new RpcError("failed_precondition", message, { outcome: "not_sent", cause });
}

async function ensureTopic(
  { topic, queues, groups }: TopicAndGroups,
  masters: ReadonlyMap<string, string>,
  maker: TopicMaker,
): Promise<Forbidden> {
  const waiting = { timeoutMs: ADMIN_TIMEOUT_MS, signal: maker.signal };
  const forbidden: Forbidden = { topic: false, groups: new Set(), cause: undefined };
  if (await routeOf(topic, maker) === undefined) {
    const config = { topic, readQueues: queues, writeQueues: queues };
    const made = await Promise.all(
      [...masters.values()].map((address) => allowed(createTopic(maker.client, address, config, waiting))),
    );
    const refusal = made.find((cause) => cause !== undefined);
    if (refusal === undefined) await routeArrived(topic, masters, maker);
    else Object.assign(forbidden, { topic: true, cause: refusal });
  }
  await ensureGroups(topic, groups, masters, maker, forbidden);
  return forbidden;
}

async function ensureGroups(
  topic: string,
  groups: readonly string[],
  masters: ReadonlyMap<string, string>,
  maker: TopicMaker,
  forbidden: Forbidden,
): Promise<void> {
  const { client, signal } = maker;
  const waiting = { timeoutMs: ADMIN_TIMEOUT_MS, signal };
  let unknown: unknown;
  await Promise.all(
    [...masters.values()].flatMap((address) =>
      groups.map(async (name) => {
        const exists = await groupExists(client, address, name, maker);
        if (exists) return;
        const refusal = await allowed(createSubscriptionGroup(client, address, { group: name }, waiting));
        if (refusal === undefined) return;
        // Where the broker does not tell, the group may well be there: its first use shows.
        if (exists === undefined) unknown = refusal;
        else {
          forbidden.groups.add(name);
          forbidden.cause ??= refusal;
        }
      })
    ),
  );
  if (unknown !== undefined) log.warn(EVENTS.transport.groupsUnknown, { topic, error: unknown });
}

/** Resolves with the refusal where it is not allowed. */
async function allowed(work: Promise<void>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (isRefusal(error, ResponseCode.NO_PERMISSION)) return error;
    throw error;
  }
}

async function routeOf(topic: string, { client, signal }: TopicMaker): Promise<TopicRoute | undefined> {
  try {
    return await client.route(topic, { fresh: true, signal });
  } catch (error) {
    if (isRefusal(error, ResponseCode.TOPIC_NOT_EXIST)) return undefined;
    throw error;
  }
}

/** Waits until the name servers know the topic at all masters. */
async function routeArrived(
  topic: string,
  masters: ReadonlyMap<string, string>,
  maker: TopicMaker,
): Promise<void> {
  const { clock, signal } = maker;
  const deadline = clock.monotonic() + ROUTE_ARRIVAL_MS;
  for (;;) {
    const route = await routeOf(topic, maker);
    if (route !== undefined && [...masters.keys()].every((name) => masterAddress(route, name))) return;
    if (clock.monotonic() >= deadline) {
      const message = `Topic "${topic}" was made, and ${nameServersOf(maker)} did not hear of it from all ` +
        `brokers within ${ROUTE_ARRIVAL_MS} ms: check that each broker's 'namesrvAddr' names all name servers`;
      throw new RpcError("unavailable", message, { outcome: "not_sent" });
    }
    await pause(clock, ROUTE_POLL_MS, signal);
  }
}

function isForbidden(result: Forbidden | undefined): result is Forbidden {
  return result !== undefined && (result.topic || result.groups.size > 0);
}

/** What an operator runs instead, for each cluster. */
function commandsFor(
  { topic, queues, slots }: TopicAndGroups,
  result: Forbidden | undefined,
  info: ClusterInfo,
  maker: TopicMaker,
): string[] {
  if (!isForbidden(result)) return [];
  const servers = `-n '${nameServersOf(maker)}'`;
  const name = maker.client.onWire(topic);
  const commands: string[] = [];
  for (const cluster of new Set([...info.brokers.values()].map(({ cluster }) => cluster))) {
    if (result.topic) {
      commands.push(`mqadmin updateTopic ${servers} -c ${cluster} -t '${name}' -r ${queues} -w ${queues}`);
    }
    for (const group of result.groups) {
      commands.push(`mqadmin updateSubGroup ${servers} -c ${cluster} -g '${maker.client.onWire(group)}'`);
    }
  }
  if (result.topic && slots !== undefined) {
    const brokers = new Map([...masterAddresses(info).keys()].map((name) => [name, queues]));
    const plan = formatPlan({ number: 1, slots, brokers });
    commands.push(`mqadmin updateKvConfig ${servers} -s ${PLAN_NAMESPACE} -k '${name}' -v '${plan}'`);
  }
  return commands;
}

function nameServersOf({ client }: TopicMaker): string {
  return client.nameServers.addresses.join(";");
}

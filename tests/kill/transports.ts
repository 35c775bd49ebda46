import { RocketMqClient } from "rocket-actors/rocketmq";
import { grpc } from "rocket-actors/transport/grpc";
import { remoting } from "rocket-actors/transport/remoting";
import type { Transport } from "../../src/transport/transport.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../helpers/grpc_topics.ts";

/** What a round's processes talk to their broker by. */
export const TRANSPORTS = ["remoting", "grpc"] as const;
/** What a round's processes talk to their broker by. */
export type TransportName = typeof TRANSPORTS[number];

/** What comes after it is where a proxy listens. */
const ENDPOINT = "--endpoint";
/** A dead process's messages come again after this, in milliseconds. */
const REDELIVER_AFTER_MS = 5_000;

/** The flags by which a program knows its transport. */
export function transportFlags(endpoint: string | undefined): readonly string[] {
  return endpoint === undefined ? [] : [ENDPOINT, endpoint];
}

/** The transport of a program, by its flags. */
export function connect(nameServers: string, flags: readonly string[]): Transport {
  const at = flags.indexOf(ENDPOINT);
  if (at < 0) return remoting({ nameServers });
  return grpc({ endpoints: flags[at + 1] ?? "", pollMs: 1_000, redeliverAfterMs: REDELIVER_AFTER_MS });
}

/** Makes what nobody can make by gRPC. */
export async function makeGrpcTopics(nameServers: string, contract: string, ordered: boolean): Promise<void> {
  await using operator = new RocketMqClient({ nameServers, clientId: `operator-${crypto.randomUUID()}` });
  const topic = contract.replaceAll(".", "-");
  await makeTopics(operator, [
    REPLY_TOPIC_SPEC,
    { topic, queues: 16, group: `rpc-${topic}`, ordered },
    { topic: `%DLQ%rpc-${topic}`, queues: 1 },
  ]);
}

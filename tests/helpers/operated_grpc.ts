import type { RocketMqClient } from "rocket-actors/rocketmq";
import { grpc, type GrpcOptions } from "rocket-actors/transport/grpc";
import type { TopicSpec, Transport, Waiting } from "../../src/transport/transport.ts";
import { makeTopics } from "./grpc_topics.ts";

/** A transport with an operator beside it, who makes the topics that it needs and cannot make. */
export function operatedGrpc(operator: RocketMqClient, options: GrpcOptions): Transport {
  const transport = grpc(options);
  const ensure = transport.ensureTopics.bind(transport);
  transport.ensureTopics = async (specs: readonly TopicSpec[], waiting: Waiting = {}): Promise<void> => {
    waiting.signal?.throwIfAborted();
    await makeTopics(operator, specs);
    await ensure(specs, waiting);
  };
  return transport;
}

import {
  MessageType,
  Permission,
  type ProtoRouteResponse,
  QueryRouteRequest,
} from "../../../deps/rocketmq_proto.ts";
import { ProxyCode } from "./codes.ts";
import { fromStatus } from "./error.ts";
import { resource } from "./protocol.ts";
import { type Caller, request, type RequestOptions } from "./requests.ts";

/** Where a topic is, as its proxy says. */
export interface Route {
  readonly topic: string;
  /** Brokers that it can be read from, sorted. */
  readonly brokers: readonly string[];
  /** Most queues that it has at one broker. */
  readonly queues: number;
  /** Whether it can be written. */
  readonly writable: boolean;
  /** Whether it takes messages without a message group. */
  readonly normal: boolean;
  /** Whether it takes messages with a message group, and keeps the order of each group. */
  readonly fifo: boolean;
  /** What kinds of message it takes, by their names; none while the proxy cannot tell. */
  readonly types: readonly string[];
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(MessageType).map(([name, number]) => [Number(number), name]),
);

/**
 * Asks where a topic is.
 *
 * @throws {ProxyError} `refused` with the code `TOPIC_NOT_FOUND` where it is not
 */
export async function queryRoute(
  caller: Caller,
  topic: string,
  namespace: string | undefined,
  options?: RequestOptions,
): Promise<Route> {
  const query = new QueryRouteRequest().setTopic(resource(topic, namespace));
  const answer = await request<ProtoRouteResponse>(
    caller,
    (stub, metadata, given, callback) => stub.queryRoute(query, metadata, given, callback),
    options,
  );
  if (answer.getStatus()?.getCode() !== ProxyCode.OK) {
    throw fromStatus(answer.getStatus(), `to say where topic "${topic}" is`);
  }
  const brokers = new Set<string>();
  const types = new Set<number>();
  const counts = new Map<string, number>();
  let writable = false;
  for (const queue of answer.getMessageQueuesList()) {
    const broker = queue.getBroker()?.getName() ?? "";
    const permission = queue.getPermission();
    counts.set(broker, Math.max(counts.get(broker) ?? 0, queue.getId() + 1));
    if (permission === Permission.READ || permission === Permission.READ_WRITE) brokers.add(broker);
    if (permission === Permission.WRITE || permission === Permission.READ_WRITE) writable = true;
    for (const type of queue.getAcceptMessageTypesList()) {
      // Proxies say so of topics that they know well, while no broker has told them more, and for a while after.
      if (type !== MessageType.MESSAGE_TYPE_UNSPECIFIED) types.add(type);
    }
  }
  return {
    topic,
    brokers: [...brokers].sort(),
    queues: Math.max(0, ...counts.values()),
    writable,
    normal: types.has(MessageType.NORMAL),
    fifo: types.has(MessageType.FIFO),
    types: [...types].map((type) => NAMES.get(type) ?? String(type)),
  };
}

import type { RpcError } from "../../errors/rpc_error.ts";
import type { TopicSpec } from "../transport.ts";
import type { Route } from "./client/routes.ts";
import { notSent } from "./errors.ts";
import { onWire } from "./names.ts";

/** What is wrong with a topic, and what puts it right. */
export interface Lack {
  readonly topic: string;
  readonly why: string;
  readonly commands: readonly string[];
}

const WHERE = "-n '<name servers>' -c '<cluster>'";

/**
 * What a topic lacks of what it is wanted for; `undefined` where nothing.
 *
 * @param route where it is; `undefined` where it is not
 * @param namespace what its names are kept apart by
 */
export function lackOf(
  { topic, queues, group, ordered = false }: TopicSpec,
  route: Route | undefined,
  namespace: string | undefined,
): Lack | undefined {
  const type = ordered ? "FIFO" : "NORMAL";
  if (route === undefined) {
    const commands = [topicCommand(onWire(topic, namespace), queues, type)];
    if (group !== undefined) commands.push(groupCommand(onWire(group, namespace), ordered));
    return { topic, why: `topic "${topic}" does not exist`, commands };
  }
  if (ordered && !route.fifo) {
    const why = `topic "${topic}" keeps no order of keys: it takes ${route.types.join(", ")}, not FIFO. ` +
      "Its type is fixed: delete it first, once nothing is left in it";
    const commands = [topicCommand(onWire(topic, namespace), queues, type)];
    if (group !== undefined) commands.push(groupCommand(onWire(group, namespace), true));
    return { topic, why, commands };
  }
  return undefined;
}

/** Whether a topic keeps an order cannot be told now. */
export function untold(topic: string): RpcError {
  const message =
    `Cannot use topic "${topic}" yet: its proxy does not know what kinds of message it takes, as ` +
    "after its brokers have been away: try again in some 20 s, and should that not help, look whether they are up";
  return notSent("unavailable", message);
}

/** The failure that lists the commands. */
export function lacking(lacks: readonly Lack[]): RpcError {
  const message = `Cannot use what is missing, as topics cannot be made over gRPC: ${
    lacks.map(({ why }) => why).join("; ")
  }. Have somebody who may run this once (proxies notice within 20 s):\n${
    lacks.flatMap(({ commands }) => commands).join("\n")
  }`;
  return notSent("failed_precondition", message);
}

/** The group of a topic with message groups does not keep their order. */
export function unorderedGroup(topic: string, group: string, namespace: string | undefined): RpcError {
  const message =
    `Cannot serve topic "${topic}": its messages have an order, which its group "${group}" does not ` +
    `keep. Have somebody who may run this once (proxies notice within 20 s):\n${
      groupCommand(onWire(group, namespace), true)
    }`;
  return notSent("failed_precondition", message);
}

function topicCommand(topic: string, queues: number, type: string): string {
  const order = type === "FIFO" ? " -o true" : "";
  return `mqadmin updateTopic ${WHERE} -t '${topic}' -r ${queues} -w ${queues}${order} -a '+message.type=${type}'`;
}

function groupCommand(group: string, ordered: boolean): string {
  return `mqadmin updateSubGroup ${WHERE} -g '${group}'${ordered ? " -o true" : ""}`;
}

import { masterAddress, pull, RocketMqClient } from "rocket-actors/rocketmq";
import type { DeadLetter } from "./transport.ts";

/** Reads a dead-letter topic with the RocketMQ client, as an operator's tool would. */
export async function lettersOf(nameServers: string, topic: string, sinceMs: number): Promise<DeadLetter[]> {
  await using client = new RocketMqClient({ nameServers, clientId: `dead-letters-${crypto.randomUUID()}` });
  const letters: DeadLetter[] = [];
  const route = await client.route(topic);
  for (const { brokerName, read } of route.queues) {
    const address = masterAddress(route, brokerName) ?? "";
    for (let queueId = 0; queueId < read; queueId++) {
      for (let offset = 0, more = true; more;) {
        const answer = await pull(client, address, {
          group: "CID_TOOLS",
          topic,
          queueId,
          brokerName,
          offset,
          maxMessages: 32,
          suspendMs: 0,
          subscription: { expression: "*", version: 0 },
        });
        for (const { properties, bornAtMs } of answer.messages) {
          if (bornAtMs < sinceMs) continue;
          letters.push({ method: properties.get("TAGS") ?? "", reason: properties.get("rpc-dead") ?? "" });
        }
        more = answer.nextOffset > offset && answer.status !== "none";
        offset = answer.nextOffset;
      }
    }
  }
  return letters;
}

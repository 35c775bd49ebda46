import { masterAddress, pull, RocketMqClient } from "rocket-actors/rocketmq";

/** Reads the dead letters of a contract from the broker: call id → reason. */
export async function deadLetterIds(
  nameServers: string,
  contract: string,
): Promise<ReadonlyMap<string, string>> {
  await using client = new RocketMqClient({ nameServers, clientId: `test-${crypto.randomUUID()}` });
  const topic = `%DLQ%rpc-${contract.replaceAll(".", "-")}`;
  const letters = new Map<string, string>();
  const route = await client.route(topic);
  for (const { brokerName, read } of route.queues) {
    const address = masterAddress(route, brokerName) ?? "";
    for (let queueId = 0; queueId < read; queueId++) {
      for (let offset = 0;;) {
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
        for (const { properties } of answer.messages) {
          letters.set(properties.get("KEYS") ?? "", properties.get("rpc-dead") ?? "");
        }
        if (answer.nextOffset <= offset || answer.status === "none") break;
        offset = answer.nextOffset;
      }
    }
  }
  return letters;
}

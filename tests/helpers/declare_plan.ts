import type { RocketMqClient } from "rocket-actors/rocketmq";

/** Changes the queue plan of a topic as the documentation tells operators to: the first queues of each of its brokers. */
export async function declarePlan(
  tools: RocketMqClient,
  topic: string,
  number: number,
  queues: number,
): Promise<void> {
  const brokers = [...(await tools.route(topic)).brokers.keys()].map((name) => [name, queues]);
  const held = await tools.nameServers.getValue("ROCKET_ACTORS_PLAN", topic);
  const { slots } = JSON.parse(held ?? "{}");
  const plan = { number, slots, brokers: Object.fromEntries(brokers) };
  await tools.nameServers.putValue("ROCKET_ACTORS_PLAN", topic, JSON.stringify(plan));
}

import assert from "node:assert/strict";
import { systemClock } from "rocket-actors";
import { clusterInfo, createTopic, masterAddresses, RocketMqClient } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { freshName, sharedNameServer } from "../../../broker/shared.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { until } from "../../../helpers/settled.ts";

Deno.test("Consumer takes its part of queues that a topic gets while it runs", async () => {
  const nameServers = sharedNameServer();
  const topic = freshName("Grown").replaceAll(".", "-");
  const group = `rpc-${topic}`;
  await using stack = new AsyncDisposableStack();
  const transport = stack.adopt(remoting({ nameServers }), (each) => each.close());
  await transport.start({ clock: systemClock, random: Math.random, instance: Date.now() });
  await transport.ensureTopics([{ topic, queues: 2, group }]);
  const sink = new RecordingSink();
  await transport.subscribe({ topic, group }, sink);
  await until(() => sink.queues.length === 2);
  const tools = stack.use(new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` }));
  const masters = masterAddresses(await clusterInfo(tools));
  for (const address of masters.values()) {
    await createTopic(tools, address, { topic, readQueues: 5, writeQueues: 5 });
  }
  await until(() => sink.queues.length === 5 * masters.size);
  assert.deepEqual(sink.steps.filter((step) => step.startsWith("revoked")), []);
});

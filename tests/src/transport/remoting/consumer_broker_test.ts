import assert from "node:assert/strict";
import { systemClock } from "rocket-actors";
import { clusterInfo, masterAddresses, RocketMqClient } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { freshName, sharedNameServer } from "../../../broker/shared.ts";
import { RelayedCluster } from "../../../fault/relay.ts";
import { changeTopic } from "../../../helpers/change_topic.ts";
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
  await changeTopic(tools, { topic, readQueues: 5, writeQueues: 5 });
  await until(() => sink.queues.length === 5 * masters.size);
  assert.deepEqual(sink.steps.filter((step) => step.startsWith("revoked")), []);
});

Deno.test("Consumer follows a master that has moved, and lets nothing of a queue run in both places", async () => {
  const nameServers = sharedNameServer();
  const topic = freshName("Moved").replaceAll(".", "-");
  const group = `rpc-${topic}`;
  await using stack = new AsyncDisposableStack();
  const relayed = stack.use(await RelayedCluster.open(nameServers, () => undefined));
  const start = async (servers: string, instance: number) => {
    const transport = stack.adopt(remoting({ nameServers: servers }), (each) => each.close());
    await transport.start({ clock: systemClock, random: Math.random, instance });
    return transport;
  };
  const sender = await start(nameServers, Date.now());
  const receiver = await start(relayed.nameServers, Date.now() + 1);
  await sender.ensureTopics([{ topic, queues: 1, group }]);
  const [queue] = await sender.queues(topic);
  assert.ok(queue !== undefined);
  const sink = new RecordingSink();
  await receiver.subscribe({ topic, group }, sink);
  await until(() => sink.queues.length === 1);
  const send = (text: string) => {
    const body = new TextEncoder().encode(text);
    return sender.send({ topic, tag: "run", keys: [], headers: new Map(), body }, { queue });
  };
  await send("before");
  await until(() => sink.deliveries.length === 1);
  await relayed.move();
  await send("after");
  await until(() => sink.deliveries.length >= 2);
  const steps = sink.steps.map((step) => step.split(" ")[0]);
  assert.ok(steps.indexOf("lost") < steps.lastIndexOf("assigned"), steps.join(", "));
  assert.equal(sink.queues.length, 1);
});

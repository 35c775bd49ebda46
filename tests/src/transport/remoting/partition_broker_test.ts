import assert from "node:assert/strict";
import { type Clock, systemClock } from "rocket-actors";
import { clusterInfo, masterAddresses, queryOffset, RocketMqClient } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { LATE_START_MS } from "../../../../src/transport/remoting/defaults.ts";
import { sideGroups } from "../../../../src/transport/remoting/names.ts";
import type { QueueRef } from "../../../../src/transport/transport.ts";
import { freshName, sharedNameServer } from "../../../broker/shared.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { until } from "../../../helpers/settled.ts";

/** The machine's clock, but that late starts wait until they are told to go on. */
class HeldClock implements Clock {
  late: (() => void)[] = [];

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  after(ms: number, callback: () => void) {
    if (ms !== LATE_START_MS) return systemClock.after(ms, callback);
    this.late.push(callback);
    return { cancel: () => this.late = this.late.filter((one) => one !== callback) };
  }

  goOn(): void {
    for (const callback of this.late.splice(0)) callback();
  }
}

Deno.test("RemotingPartition records a lazy start late or not at all, and at once what its queue held before", async () => {
  const nameServers = sharedNameServer();
  const topic = freshName("Late").replaceAll(".", "-");
  const group = `rpc-${topic}`;
  await using stack = new AsyncDisposableStack();
  const clock = new HeldClock();
  const transport = stack.adopt(remoting({ nameServers }), (each) => each.close());
  await transport.start({ clock, random: Math.random, instance: Date.now() });
  await transport.ensureTopics([{ topic, queues: 1, group }]);
  const [queue] = await transport.queues(topic);
  assert.ok(queue !== undefined);
  const offsets = await offsetsOf(stack, nameServers, group, queue);
  const send = (text: string) => {
    const body = new TextEncoder().encode(text);
    return transport.send({ topic, tag: "run", keys: [], headers: new Map(), body }, { queue });
  };
  const sink = new RecordingSink();
  const delivered = async (count: number) => {
    await until(() => sink.deliveries.length === count);
    return sink.deliveries.slice(-1);
  };

  await send("before");
  await transport.subscribe({ topic, group }, sink);
  const [before] = await delivered(1);
  assert.ok(before !== undefined);
  const recorded = before.started(true);
  assert.deepEqual(clock.late, [], "nothing of it waits");
  await recorded;
  assert.equal(await offsets.mark(), 1);
  before.ack();

  await send("quick");
  const [quick] = await delivered(2);
  assert.ok(quick !== undefined);
  await quick.started(true);
  assert.equal(clock.late.length, 1);
  quick.ack();
  clock.goOn();
  // Commits follow by a timer of their own, long after a record would have left.
  await reaches(2, offsets.commit);
  assert.equal(await offsets.mark(), 1, "it costs no request");

  await send("slow");
  const [slow] = await delivered(3);
  assert.ok(slow !== undefined);
  await slow.started(true);
  assert.equal(await offsets.mark(), 1);
  clock.goOn();
  await reaches(3, offsets.mark);
  slow.ack();
});

/** Waits until an offset at the broker is that one. */
async function reaches(offset: number, query: () => Promise<number | undefined>): Promise<void> {
  const limit = performance.now() + 30_000;
  while (await query() !== offset) assert.ok(performance.now() < limit, `It did not become ${offset}`);
}

/** What the broker has of a queue's group. */
async function offsetsOf(
  stack: AsyncDisposableStack,
  nameServers: string,
  group: string,
  queue: QueueRef,
): Promise<{ commit(): Promise<number | undefined>; mark(): Promise<number | undefined> }> {
  const tools = stack.use(new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` }));
  const address = masterAddresses(await clusterInfo(tools)).get(queue.broker);
  assert.ok(address !== undefined);
  const place = { topic: queue.topic, queueId: queue.id, brokerName: queue.broker };
  return {
    commit: () => queryOffset(tools, address, { ...place, group }),
    mark: () => queryOffset(tools, address, { ...place, group: sideGroups.mark(group, 1) }),
  };
}

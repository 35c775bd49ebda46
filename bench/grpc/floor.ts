// deno-lint-ignore-file no-console -- a program that measures
/**
 * Where the time of a call goes that is alone: its parts, each measured one after the other through the same proxy.
 *
 *     deno run -A bench/grpc/floor.ts --name-server host:port --endpoint host:port [--count 300]
 */
import { parseArgs } from "node:util";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { systemClock } from "../../src/async/clock.ts";
import { inTime, TOO_LATE } from "../../src/async/in_time.ts";
import type { Delivery, Message, Partition, Transport } from "../../src/transport/transport.ts";
import { freshName } from "../../tests/broker/shared.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../../tests/helpers/grpc_topics.ts";
import { operatedGrpc } from "../../tests/helpers/operated_grpc.ts";
import { startOurs } from "./ours.ts";

const { values } = parseArgs({
  options: {
    "name-server": { type: "string" },
    endpoint: { type: "string" },
    count: { type: "string", default: "300" },
  },
});
const { "name-server": nameServers, endpoint, count } = values;
if (nameServers === undefined || endpoint === undefined) {
  console.error("Give --name-server host:port and --endpoint host:port, as deno task broker prints them");
  Deno.exit(1);
}
const MESSAGE: Omit<Message, "topic"> = { tag: "x", keys: [], headers: new Map(), body: new Uint8Array(100) };
/** Runs before those that count. */
const WARM_UP = 50;
/** After this something has gone astray. Milliseconds. */
const LIMIT_MS = 30_000;

/** What comes is told to whoever waits for it. */
class Arrivals {
  #resolve: () => void = () => {};

  /** Resolves when the next one comes. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#resolve = resolve);
  }

  /** One has come. */
  came(): void {
    this.#resolve();
  }
}

/** Prints how long something takes; what `settled` waits for does not count. */
async function measure(
  what: string,
  run: () => Promise<unknown>,
  settled: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const times: number[] = [];
  for (let turn = -WARM_UP; turn < Number(count); turn++) {
    const since = performance.now();
    const tookMs = run().then(() => performance.now() - since);
    const ms = await inTime(tookMs, LIMIT_MS, systemClock);
    if (ms === TOO_LATE || await inTime(settled(), LIMIT_MS, systemClock) === TOO_LATE) {
      throw new Error(`Not within ${LIMIT_MS} ms: ${what}`);
    }
    if (turn >= 0) times.push(ms);
  }
  times.sort((one, other) => one - other);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? NaN).toFixed(1);
  console.log(`| ${what} | ${at(0.1)} | ${at(0.5)} | ${at(0.9)} |`);
}

/** Both halves of a call that the transport has a hand in. */
async function legs(transport: Transport, topic: string): Promise<void> {
  const replies = new Arrivals();
  const requests = new Arrivals();
  transport.onDirect(() => replies.came());
  await transport.start({ clock: systemClock, random: Math.random, instance: Date.now() });
  const sink = {
    assigned: (partition: Partition) => partition.demand(1_000),
    revoked: () => Promise.resolve(),
    lost: () => {},
    deliver: (partition: Partition, delivery: Delivery) => {
      delivery.ack();
      partition.demand(1_000);
      requests.came();
    },
  };
  await transport.subscribe({ topic, group: `rpc-${topic}` }, sink);
  const [queue] = await transport.queues(topic);
  if (queue === undefined) throw new Error("There is no queue");
  await measure(
    "a request that the proxy answers by itself",
    () => transport.queues(topic, { fresh: true }),
  );
  let arrived = requests.next();
  await measure(
    "a send, until it is stored and the proxy says so",
    () => transport.send({ ...MESSAGE, topic }, { queue }),
    async () => {
      await arrived;
      arrived = requests.next();
    },
  );
  await measure("a message, until the one that waits for it has it", async () => {
    const came = requests.next();
    void transport.send({ ...MESSAGE, topic }, { queue });
    await came;
  });
  await measure("a reply, until its caller has it", async () => {
    const came = replies.next();
    void transport.sendTo(transport.addresses.reply, MESSAGE);
    await came;
  });
  await transport.close();
}

await using operator = new RocketMqClient({ nameServers, clientId: `bench-${crypto.randomUUID()}` });
const topic = freshName("Floor").replaceAll(".", "-");
await makeTopics(operator, [REPLY_TOPIC_SPEC, { topic, queues: 16, group: `rpc-${topic}` }]);
console.log("| what | 10 % | median ms | 90 % |\n| --- | --- | --- | --- |");
await legs(operatedGrpc(operator, { endpoints: endpoint }), topic);
const ours = await startOurs(endpoint, operator);
await measure("a call", () => ours.call("0123456789"));
await ours.close();

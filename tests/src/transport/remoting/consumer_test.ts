import assert from "node:assert/strict";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { Consumer } from "../../../../src/transport/remoting/consumer.ts";
import { PROBE_INTERVAL_MS, ROUTE_WATCH_MS } from "../../../../src/transport/remoting/defaults.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { type Asked, ScriptedCluster } from "../../../helpers/scripted_cluster.ts";
import { turns, until } from "../../../helpers/settled.ts";

const QUEUES = 2;

/** What brokers answer to their only consumer: it gets every lock, and pulls that are never answered. */
function answer({ command: { code, body } }: Asked): RequestReply | undefined {
  const ok = { code: ResponseCode.SUCCESS };
  switch (code) {
    case RequestCode.GET_CONSUMER_LIST_BY_GROUP:
      return { ...ok, body: json({ consumerIdList: ["c"] }) };
    case RequestCode.LOCK_BATCH_MQ:
      return { ...ok, body: json({ lockOKMQSet: JSON.parse(new TextDecoder().decode(body)).mqSet }) };
    case RequestCode.GET_BROKER_RUNTIME_INFO:
      return { ...ok, body: json({ table: { bootTimestamp: "1000" } }) };
    case RequestCode.PULL_MESSAGE:
      return undefined;
    default:
      return { ...ok, fields: { offset: "0" } };
  }
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

Deno.test("Consumer owns nothing where a replica stands in for the master, and goes on when that is back", async () => {
  await using cluster = new ScriptedCluster(["a"], answer);
  cluster.topics.set("t", QUEUES);
  const { client } = cluster;
  const clock = new ManualClock();
  const consumer = new Consumer(client, { clock, random: () => 0, instance: 1 });
  const sink = new RecordingSink();
  const probes = () => cluster.askedFor(RequestCode.GET_CONSUMER_LIST_BY_GROUP).length;
  const look = async (): Promise<void> => {
    await client.route("t", { fresh: true });
    // In steps, so that the broker answers in time.
    for (let ms = 0; ms < ROUTE_WATCH_MS; ms += PROBE_INTERVAL_MS) {
      const before = probes();
      clock.advance(PROBE_INTERVAL_MS);
      await until(() => probes() > before);
      await turns();
    }
  };
  const locks = () => cluster.askedFor(RequestCode.LOCK_BATCH_MQ).length;
  await consumer.subscribe("t", "rpc-t", sink, {});
  assert.equal(sink.queues.length, QUEUES);

  cluster.acting.add("a");
  await look();
  await until(() => sink.queues.length === 0);
  assert.deepEqual(sink.steps.slice(QUEUES), ["lost a/0", "lost a/1"]);
  const before = locks();
  await look();
  assert.equal(locks(), before, "it locks nothing there");

  cluster.acting.clear();
  await look();
  await until(() => sink.queues.length === QUEUES);
  await consumer.close();
});

import assert from "node:assert/strict";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { BrokerShare } from "../../../../src/transport/remoting/broker_share.ts";
import { PROBE_INTERVAL_MS, TAKEOVER_GRACE_MS } from "../../../../src/transport/remoting/defaults.ts";
import { consumerClientId, sideGroups } from "../../../../src/transport/remoting/names.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { ScriptedCluster } from "../../../helpers/scripted_cluster.ts";
import { assertFails, until } from "../../../helpers/settled.ts";
import { storedRecord } from "../../rocketmq/client/stored_record.ts";

/** A share without queues, at a broker whose member list is this. */
function shareAt(members: readonly string[]) {
  const body = new TextEncoder().encode(JSON.stringify({ consumerIdList: members }));
  const listed: RequestReply = { code: ResponseCode.SUCCESS, body };
  const cluster = new ScriptedCluster(["a"], () => listed);
  const clock = new ManualClock();
  const share = new BrokerShare({
    client: cluster.client,
    clock,
    random: () => 0,
    sink: new RecordingSink(),
    topic: "t",
    group: "rpc-t",
    brokerName: "a",
    address: cluster.address("a"),
    queues: 0,
    instance: 1,
  });
  return { cluster, clock, share };
}

Deno.test("BrokerShare that is closed while it waits to be listed fails its start and leaves no timer", async () => {
  const { cluster, clock, share } = shareAt(["other"]);
  await using _cluster = cluster;
  const failed = assertFails(share.start(undefined), "unavailable", "not_sent");
  // The next probe, and the next look at the start.
  await until(() => clock.timers === 2);
  await share.close();
  assert.equal(clock.timers, 0);
  await failed;
});

Deno.test("BrokerShare that is looked at when it starts joins that probe, and does not pause for the next", async () => {
  const { cluster, clock, share } = shareAt(["c"]);
  await using _cluster = cluster;
  share.look();
  await share.start(undefined);
  assert.deepEqual(cluster.askedFor(RequestCode.GET_CONSUMER_LIST_BY_GROUP), ["a", "a"]);
  await share.close();
  assert.equal(clock.timers, 0);
});

Deno.test("BrokerShare of queues that have moved takes what was stored before for possibly started", async () => {
  const MOVED_AT_MS = 5_000;
  const records = [MOVED_AT_MS - 1, MOVED_AT_MS].map((storedAtMs, queueOffset) =>
    storedRecord({ topic: "t", queueOffset, storedAtMs })
  );
  const found = {
    code: ResponseCode.SUCCESS,
    fields: { nextBeginOffset: "2", minOffset: "0", maxOffset: "2" },
    body: new Uint8Array(records.flatMap((record) => [...record])),
  };
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  await using cluster = new ScriptedCluster(["a"], ({ command: { code, body, fields } }) => {
    const ok = { code: ResponseCode.SUCCESS };
    switch (code) {
      case RequestCode.GET_CONSUMER_LIST_BY_GROUP:
        return { ...ok, body: json({ consumerIdList: ["c"] }) };
      case RequestCode.LOCK_BATCH_MQ:
        return { ...ok, body: json({ lockOKMQSet: JSON.parse(new TextDecoder().decode(body)).mqSet }) };
      case RequestCode.GET_BROKER_RUNTIME_INFO:
        return { ...ok, body: json({ table: { bootTimestamp: "1000" } }) };
      case RequestCode.PULL_MESSAGE:
        return fields["queueOffset"] === "0" ? found : undefined;
      default:
        return { ...ok, fields: { offset: "0" } };
    }
  });
  const sink = new RecordingSink();
  const share = new BrokerShare({
    client: cluster.client,
    clock: new ManualClock(),
    random: () => 0,
    sink,
    topic: "t",
    group: "rpc-t",
    brokerName: "a",
    address: cluster.address("a"),
    queues: 1,
    instance: 1,
    movedAtMs: MOVED_AT_MS,
  });
  await share.start(undefined);
  await until(() => sink.deliveries.length === 2);
  assert.deepEqual(sink.deliveries.map(({ starts }) => starts), [1, 0]);
  await share.close();
});

Deno.test("BrokerShare unlocks what a dead member has locked and another one is to take, who has seen it dead for less", async () => {
  const [dead, fresh] = [7, 9].map(consumerClientId);
  assert.ok(dead !== undefined && fresh !== undefined);
  let members = ["c", dead];
  const unlocked: unknown[] = [];
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  await using cluster = new ScriptedCluster(["a"], ({ command: { code, body, fields } }) => {
    const ok = { code: ResponseCode.SUCCESS };
    const parsed = () => JSON.parse(new TextDecoder().decode(body));
    switch (code) {
      case RequestCode.GET_CONSUMER_LIST_BY_GROUP:
        return { ...ok, body: json({ consumerIdList: members }) };
      case RequestCode.LOCK_BATCH_MQ:
        return { ...ok, body: json({ lockOKMQSet: parsed().mqSet }) };
      case RequestCode.UNLOCK_BATCH_MQ: {
        const { clientId, mqSet } = parsed();
        unlocked.push([clientId, mqSet.map(({ queueId }: { queueId: number }) => queueId)]);
        return ok;
      }
      case RequestCode.GET_BROKER_RUNTIME_INFO:
        return { ...ok, body: json({ table: { bootTimestamp: "1000" } }) };
      case RequestCode.PULL_MESSAGE:
        return undefined;
      default:
        return {
          ...ok,
          fields: { offset: fields["consumerGroup"] === sideGroups.owner("rpc-t") ? "7" : "0" },
        };
    }
  });
  const clock = new ManualClock();
  const sources = { client: cluster.client, clock, random: () => 0, sink: new RecordingSink(), instance: 1 };
  const place = { topic: "t", group: "rpc-t", brokerName: "a", address: cluster.address("a"), queues: 2 };
  const share = new BrokerShare({ ...sources, ...place });
  await share.start(undefined);
  members = ["c", fresh];
  const probes = () => cluster.askedFor(RequestCode.GET_CONSUMER_LIST_BY_GROUP).length;
  for (let ms = 0; ms < TAKEOVER_GRACE_MS; ms += PROBE_INTERVAL_MS) {
    assert.deepEqual(unlocked, [], `after ${ms} ms`);
    const before = probes();
    clock.advance(PROBE_INTERVAL_MS);
    await until(() => probes() > before);
  }
  clock.advance(PROBE_INTERVAL_MS);
  await until(() => unlocked.length > 0);
  assert.deepEqual(unlocked, [[dead, [1]]]);
  await share.close();
});

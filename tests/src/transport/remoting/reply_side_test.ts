import assert from "node:assert/strict";
import { systemClock } from "../../../../src/async/clock.ts";
import { EVENTS } from "../../../../src/log/events.ts";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import { RemotingTransport } from "../../../../src/transport/remoting/transport.ts";
import type { ReplyStrategy } from "../../../../src/transport/remoting/reply_address.ts";
import { eventsOf, recordLogs } from "../../../helpers/logs.ts";
import { type Asked, ScriptedCluster } from "../../../helpers/scripted_cluster.ts";
import { failureOf, until } from "../../../helpers/settled.ts";

const START = { clock: systemClock, random: () => 0, instance: 21 };
const HEARTBEAT = RequestCode.HEART_BEAT;

/** A broker that lets nobody make anything, unless told otherwise. */
function cluster(mayMake = false): ScriptedCluster {
  const made: ScriptedCluster = new ScriptedCluster(["a"], ({ command: { code, fields } }: Asked) => {
    switch (code) {
      case RequestCode.UPDATE_AND_CREATE_TOPIC:
        if (mayMake) made.topics.set(fields["topic"] ?? "", Number(fields["writeQueueNums"]));
        return mayMake ? { code: ResponseCode.SUCCESS } : { code: ResponseCode.NO_PERMISSION };
      case RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG:
        return { code: mayMake ? ResponseCode.SUCCESS : ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST };
      case RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP:
        return { code: ResponseCode.NO_PERMISSION };
      case RequestCode.GET_MAX_OFFSET:
        return { code: ResponseCode.SUCCESS, fields: { offset: "0" } };
      case RequestCode.PULL_MESSAGE:
        if (fields["suspendTimeoutMillis"] !== "0") return undefined;
        return {
          code: ResponseCode.PULL_NOT_FOUND,
          fields: { nextBeginOffset: "0", minOffset: "0", maxOffset: "0" },
        };
      default:
        return { code: ResponseCode.SUCCESS, body: new TextEncoder().encode("{}") };
    }
  });
  made.topics.set("C_REPLY_TOPIC", 1);
  return made;
}

function transport({ nameServers }: ScriptedCluster, replies?: ReplyStrategy): RemotingTransport {
  return new RemotingTransport({ nameServers, replies });
}

Deno.test("RemotingTransport with replies by topic says what to run where it may not make the topic", async () => {
  await using at = cluster();
  const failure = await failureOf(transport(at, "topic").start(START));
  assert.deepEqual([failure.code, failure.outcome], ["failed_precondition", "not_sent"]);
  assert.match(failure.message, /^Cannot make what "rpc-replies" needs: the cluster forbids it\. /);
  assert.match(failure.message, /\nmqadmin updateTopic .* -t 'rpc-replies' -r 16 -w 16\n/);
  assert.match(failure.message, /\nmqadmin updateSubGroup .* -g 'rpc-replies'\n/);
  assert.match(failure.message, /replies: "push"/);
});

Deno.test("RemotingTransport with pushed replies starts without the topic, and says what is missing", async () => {
  await using at = cluster();
  const records = await recordLogs(async () => {
    const started = transport(at);
    await started.start(START);
    assert.equal(started.addresses.reply, "push:rkr1-l");
    await until(() => at.askedFor(RequestCode.UPDATE_AND_CREATE_TOPIC).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await started.close();
  });
  assert.deepEqual(eventsOf(records).filter((event) => event === EVENTS.transport.noReplyTopic), [
    EVENTS.transport.noReplyTopic,
  ]);
});

Deno.test("RemotingTransport makes the reply topic, and reads it before it is asked for anything", async () => {
  for (const replies of ["push", "topic"] as const) {
    await using at = cluster(true);
    const started = transport(at, replies);
    await started.start(START);
    assert.equal(started.addresses.direct, `${replies}:rkr1-l`);
    if (replies === "topic") assert.ok(at.askedFor(RequestCode.GET_MAX_OFFSET).length === 1);
    await until(() => at.askedFor(RequestCode.PULL_MESSAGE).length >= 1);
    const pull = at.asked.find(({ command }) => command.code === RequestCode.PULL_MESSAGE)?.command.fields;
    assert.deepEqual([pull?.["topic"], pull?.["queueId"], pull?.["subscription"]], ["rpc-replies", "5", "l"]);
    await started.close();
  }
});

Deno.test("RemotingTransport says after a reconnect that pushed replies may have been missed, when it is registered again", async () => {
  await using at = cluster(true);
  const started = transport(at);
  const missed: number[] = [];
  started.onMissed(() => missed.push(at.askedFor(HEARTBEAT).length));
  await started.start(START);
  await until(() => at.askedFor(HEARTBEAT).length >= 1);
  const before = at.askedFor(HEARTBEAT).length;
  for (const session of at.sessionsOf("a")) session.cut();
  await until(() => missed.length === 1);
  assert.ok((missed[0] ?? 0) > before, "not before the broker knows it again");
  assert.deepEqual(
    at.askedFor(RequestCode.UNREGISTER_CLIENT),
    [],
    "whoever replies meanwhile would find nobody",
  );
  await started.close();
});

Deno.test("RemotingTransport refuses a way of replies that there is not", () => {
  // A caller without types may write anything.
  const replies = "pigeon" as unknown as ReplyStrategy;
  assert.throws(() => new RemotingTransport({ nameServers: "a:1", replies }), {
    name: "TypeError",
    message: `Cannot use 'replies': it must be "push" or "topic": current value is "pigeon"`,
  });
});

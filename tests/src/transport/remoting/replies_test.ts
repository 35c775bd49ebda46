import assert from "node:assert/strict";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { TimerWheel } from "../../../../src/async/timer_wheel.ts";
import { RocketMqClient } from "../../../../src/rocketmq/client/client.ts";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { SMALL_REPLY_BYTES } from "../../../../src/transport/remoting/defaults.ts";
import { PushGate } from "../../../../src/transport/remoting/push_gate.ts";
import { Replies } from "../../../../src/transport/remoting/replies.ts";
import { ReplyTopic } from "../../../../src/transport/remoting/reply_topic.ts";
import { StoredReplies } from "../../../../src/transport/remoting/stored_replies.ts";
import type { Near, PlainRequest } from "../../../../src/transport/transport.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { type Asked, propertiesOf, ScriptedCluster } from "../../../helpers/scripted_cluster.ts";
import { until } from "../../../helpers/settled.ts";
import { FakeDelivery, messageOf, requestOf } from "../../../helpers/deliveries.ts";

const PUSH = RequestCode.SEND_REPLY_MESSAGE_V2;
const STORE = RequestCode.SEND_MESSAGE_V2;
const PUSHED: RequestReply = { code: ResponseCode.SUCCESS, fields: { msgId: "m" } };
const STORED: RequestReply = { code: ResponseCode.SYSTEM_ERROR, fields: { msgId: "m" } };
const DROPPED: RequestReply = { code: ResponseCode.SYSTEM_ERROR, fields: { msgId: "0" } };
const BUSY: RequestReply = { code: ResponseCode.SYSTEM_BUSY };
/** It may have pushed it. */
const UNCLEAR: RequestReply = { code: ResponseCode.SLAVE_NOT_AVAILABLE };
const TAKEN: RequestReply = {
  code: ResponseCode.SUCCESS,
  fields: { msgId: "m", queueId: "0", queueOffset: "7" },
};

const PLAIN = "push:10.0.0.1@77";
const INSTANCE = 1_000;
const OURS = `push:rkr1-${INSTANCE.toString(36)}`;
const TOPIC = `topic:rkr1-${INSTANCE.toString(36)}`;
const UNANSWERED_MS = 1_000;

class Fixture implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly gate = new PushGate(this.clock, this.wheel);
  readonly cluster: ScriptedCluster;
  readonly consuming: RocketMqClient;
  readonly topic: ReplyTopic;
  readonly stored: StoredReplies;
  readonly replies: Replies;

  constructor(
    names: readonly string[],
    pushed: (asked: Asked) => RequestReply | undefined | Promise<RequestReply | undefined>,
    store: RequestReply = TAKEN,
  ) {
    this.cluster = new ScriptedCluster(names, (asked) => asked.command.code === PUSH ? pushed(asked) : store);
    const { client, topics } = this.cluster;
    const clusters = [...new Set(names.map((name) => name.split("/")[1] ?? "C"))].sort();
    for (const cluster of clusters) topics.set(`${cluster}_REPLY_TOPIC`, 1);
    this.consuming = new RocketMqClient({ nameServers: this.cluster.nameServers, clientId: "consuming" });
    this.topic = new ReplyTopic(client, this.clock, () => clusters);
    this.stored = new StoredReplies(client, this.topic, () => clusters);
    this.replies = new Replies({
      client,
      consuming: this.consuming,
      wheel: this.wheel,
      gate: this.gate,
      topic: this.topic,
      stored: this.stored,
      clusters: () => clusters,
    });
  }

  /** Brokers `a`, `b` … that answer pushes like this, one after the other; `down` is not there. */
  static async of(...behaviours: readonly (RequestReply | "down")[]): Promise<Fixture> {
    const names = behaviours.map((_, index) => String.fromCharCode(97 + index));
    const at = new Fixture(names, ({ broker }) => {
      const behaviour = behaviours[names.indexOf(broker)];
      return behaviour === "down" ? undefined : behaviour;
    });
    for (const [index, name] of names.entries()) {
      if (behaviours[index] === "down") await at.cluster.down(name);
    }
    return at;
  }

  /** There is a reply topic from now on. */
  async withTopic(queues = 16): Promise<this> {
    this.cluster.topics.set("rpc-replies", queues);
    assert.ok(await this.topic.look({}));
    return this;
  }

  /** Answers a request that came through a broker, or sends what answers nothing. */
  send(
    address: string,
    near?: string,
    plain?: PlainRequest,
    body: Uint8Array = Uint8Array.of(1),
  ): Promise<void> {
    const message = { tag: "run", keys: ["c1"], headers: new Map([["h-a", "1"]]), body, plain };
    return this.replies.send(address, message, { near: near === undefined ? undefined : deliveryFrom(near) });
  }

  get pushes(): string[] {
    return this.cluster.askedFor(PUSH);
  }

  /** Where messages were stored in the reply topic. */
  get stores(): string[] {
    return this.cluster.askedFor(STORE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.replies.close();
    await this.consuming.close();
    await this.cluster[Symbol.asyncDispose]();
    this.wheel.close();
  }
}

function deliveryFrom(broker: string): FakeDelivery & Near {
  const queue = { topic: "C_REPLY_TOPIC", broker, id: 0 };
  return Object.assign(new FakeDelivery(messageOf(requestOf("c1"))), { queue });
}

Deno.test("Replies asks the broker of the request first, and one other where nobody could be pushed", async () => {
  await using pushed = await Fixture.of(PUSHED, PUSHED, PUSHED);
  await pushed.send(PLAIN, "b");
  assert.deepEqual(pushed.pushes, ["b"]);
  await using stored = await Fixture.of(STORED, STORED, STORED);
  await stored.send(PLAIN, "b");
  assert.deepEqual(stored.pushes, ["b", "a"]);
});

Deno.test("Replies asks for what answers nothing until a broker knows the receiver", async () => {
  await using at = await Fixture.of(STORED, STORED, PUSHED, PUSHED);
  await at.send(PLAIN);
  assert.deepEqual(at.pushes, ["a", "b", "c"]);
});

Deno.test("Replies sends small replies by the connection of pulls where there is one, others by another", async () => {
  await using at = await Fixture.of(PUSHED);
  const { consuming, cluster } = at;
  const sessionOf = (code: number) => cluster.asked.findLast(({ command }) => command.code === code)?.session;
  const byPulls = async (bytes: number, near?: string) => {
    await at.send(PLAIN, near, undefined, new Uint8Array(bytes));
    return sessionOf(PUSH) === sessionOf(RequestCode.HEART_BEAT);
  };
  assert.equal(await byPulls(1, "a"), false, "nothing is pulled there");
  await consuming.request(cluster.address("a"), { code: RequestCode.HEART_BEAT, fields: {} });
  assert.equal(await byPulls(SMALL_REPLY_BYTES, "a"), true);
  assert.equal(await byPulls(SMALL_REPLY_BYTES + 1, "a"), false);
  assert.equal(await byPulls(1), false, "it answers nothing");
});

Deno.test("Replies passes over a broker that is down or refuses", async () => {
  await using at = await Fixture.of("down", BUSY, PUSHED);
  await at.send(PLAIN);
  assert.deepEqual(at.pushes, ["b", "c"]);
  await using near = await Fixture.of("down", PUSHED);
  await near.send(PLAIN, "a");
  assert.deepEqual(near.pushes, ["b"]);
});

Deno.test("Replies counts as sent what one broker stored though the next is down", async () => {
  await using at = await Fixture.of(STORED, "down");
  await at.send(PLAIN, "a");
  assert.deepEqual(at.pushes, ["a"]);
});

Deno.test("Replies rejects when no broker took it; where one may have, only ours get it by another", async () => {
  await using down = await Fixture.of("down", "down");
  await assert.rejects(down.send(PLAIN, "a"), { name: "RocketMqError", kind: "not_sent" });
  await using unclear = await Fixture.of(UNCLEAR, PUSHED);
  await assert.rejects(unclear.send(PLAIN, "a"), { name: "RocketMqError" });
  assert.deepEqual(unclear.pushes, ["a"]);
  await unclear.send(OURS, "a");
  assert.deepEqual(unclear.pushes, ["a", "a", "b"], "it drops a second one");
});

Deno.test("Replies does not take for stored what brokers without stored replies could not push", async () => {
  await using at = await Fixture.of(DROPPED, DROPPED);
  await assert.rejects(at.send(PLAIN, "a"), { code: "unavailable", outcome: "not_sent" });
  assert.ok(!at.stored.possible, "and knows that nothing can be looked up");
  await at.withTopic();
  await at.send(OURS, "b");
  assert.deepEqual(at.stores, ["b"], "the receiver reads it in the topic, when it comes back");
});

Deno.test("Replies stores by topic where the receiver reads it: its tag, its queue, the request's broker, then one other", async () => {
  const full = { code: ResponseCode.SYSTEM_BUSY };
  const at = new Fixture(["a", "b", "c"], () => PUSHED);
  await using _ = at;
  await at.withTopic();
  await at.send(TOPIC, "b", { correlationId: "k", ttlMs: 5 });
  assert.deepEqual([at.pushes, at.stores], [[], ["b"]]);
  const [stored] = at.cluster.asked;
  assert.ok(stored !== undefined);
  const { fields } = stored.command;
  assert.deepEqual([fields["b"], fields["e"]], ["rpc-replies", String(INSTANCE % 16)]);
  assert.deepEqual(Object.fromEntries(propertiesOf(stored.command)), {
    KEYS: "c1",
    TAGS: INSTANCE.toString(36),
    "h-a": "1",
    CORRELATION_ID: "k",
  });
  await using busy = new Fixture(["a", "b", "c"], () => PUSHED, full);
  await busy.withTopic(4);
  await assert.rejects(busy.send(TOPIC, "b"), { name: "RocketMqError" });
  assert.deepEqual(busy.stores, ["b", "a"]);
  assert.equal(busy.cluster.asked[0]?.command.fields["e"], String(INSTANCE % 16 % 4));
});

Deno.test("Replies stores what answers nothing in every cluster: its receiver may read any of them", async () => {
  await using at = new Fixture(["a/C", "b/D", "c/D"], () => PUSHED);
  await at.withTopic();
  await at.send(TOPIC);
  assert.deepEqual(at.stores, ["a", "b"]);
});

Deno.test("Replies goes by the topic when a push to an instance of ours is unanswered for a second, and until it is answered", async () => {
  const answer = createDeferred<RequestReply>();
  let pushes = 0;
  await using at = new Fixture(["a"], () => pushes++ === 0 ? answer.promise : PUSHED);
  await at.withTopic();
  const first = at.send(OURS, "a");
  await until(() => at.pushes.length === 1);
  assert.deepEqual(at.stores, []);
  at.clock.advance(UNANSWERED_MS + 20);
  await first;
  assert.deepEqual([at.stores, at.replies.unanswered], [["a"], 1], "what was under way is in the topic too");
  await at.send(OURS, "a");
  assert.deepEqual([at.pushes.length, at.stores.length], [1, 2], "what follows is not pushed");
  answer.resolve(PUSHED);
  await until(() => at.gate.underWay === 0);
  await at.send(OURS, "a");
  assert.deepEqual([at.pushes.length, at.stores.length], [2, 2], "it is well again");
});

Deno.test("Replies waits for a push's answer where there is no topic, and for plain requesters always", async () => {
  for (const [address, topic] of [[OURS, false], [PLAIN, true]] as const) {
    const answer = createDeferred<RequestReply>();
    await using at = new Fixture(["a"], () => answer.promise);
    if (topic) await at.withTopic();
    let settled = false;
    const sent = at.send(address, "a").then(() => settled = true);
    await until(() => at.pushes.length === 1);
    at.clock.advance(9_000);
    await new Promise((resolve) => setTimeout(resolve));
    assert.ok(!settled, address);
    answer.resolve(PUSHED);
    await sent;
    assert.deepEqual(at.stores, [], address);
  }
});

Deno.test("Replies fails what waits for its turn when it closes, and pushes nothing more", async () => {
  const answer = createDeferred<RequestReply>();
  await using at = new Fixture(["a"], () => answer.promise);
  const sent = at.send(OURS, "a");
  await until(() => at.pushes.length === 1);
  const waiting = assert.rejects(at.send(OURS, "a"), { code: "unavailable", outcome: "not_sent" });
  await new Promise((resolve) => setTimeout(resolve));
  at.replies.close();
  await waiting;
  await assert.rejects(at.send(PLAIN, "a"), { code: "unavailable", outcome: "not_sent" });
  answer.resolve(PUSHED);
  await sent;
  assert.equal(at.pushes.length, 1);
});

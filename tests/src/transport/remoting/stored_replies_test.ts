import assert from "node:assert/strict";
import { systemClock } from "../../../../src/async/clock.ts";
import { EVENTS } from "../../../../src/log/events.ts";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { ReplyTopic } from "../../../../src/transport/remoting/reply_topic.ts";
import { StoredReplies } from "../../../../src/transport/remoting/stored_replies.ts";
import { eventsOf, recordLogs } from "../../../helpers/logs.ts";
import { type Asked, ScriptedCluster } from "../../../helpers/scripted_cluster.ts";
import { storedRecord } from "../../rocketmq/client/stored_record.ts";

const QUERY = RequestCode.QUERY_MESSAGE;
const CONFIG = RequestCode.GET_BROKER_CONFIG;
const NOTHING: RequestReply = { code: ResponseCode.QUERY_NOT_FOUND };
const PUSHED_TOPIC = "C_REPLY_TOPIC";
const TOPIC = "rpc-replies";

class Fixture implements AsyncDisposable {
  readonly cluster: ScriptedCluster;
  readonly topic: ReplyTopic;
  readonly stored: StoredReplies;
  /** What brokers find, by name and topic. */
  readonly found = new Map<string, RequestReply>();
  /** What brokers say about their configuration. */
  readonly configs = new Map<string, RequestReply>();

  constructor(...names: readonly string[]) {
    this.cluster = new ScriptedCluster(names, (asked) => this.#answer(asked));
    this.cluster.topics.set(PUSHED_TOPIC, 1);
    this.topic = new ReplyTopic(this.cluster.client, systemClock, () => ["C"]);
    this.stored = new StoredReplies(this.cluster.client, this.topic, () => ["C"]);
  }

  /** Stores a message that can be found by the key. */
  keep(broker: string, topic: string, text: string, storedAtMs: number): void {
    const body = storedRecord({
      topic,
      properties: "KEYS\u0001c1\u0002",
      body: new TextEncoder().encode(text),
      storedAtMs,
    });
    this.found.set(`${broker} ${topic}`, { code: ResponseCode.SUCCESS, body });
  }

  storing(broker: string, on: boolean): void {
    const body = new TextEncoder().encode(`brokerName=${broker}\nstoreReplyMessageEnable=${on}\n`);
    this.configs.set(broker, { code: ResponseCode.SUCCESS, body });
  }

  /** The bodies found, in order. */
  async find(near?: string): Promise<string[]> {
    const place = near === undefined ? undefined : { queue: { topic: PUSHED_TOPIC, broker: near, id: 0 } };
    const replies = await this.stored.find("c1", place, {});
    return replies.map(({ body }) => new TextDecoder().decode(body));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  #answer({ broker, command: { code, fields } }: Asked): RequestReply {
    if (code === CONFIG) return this.configs.get(broker) ?? { code: ResponseCode.NO_PERMISSION };
    return this.found.get(`${broker} ${fields["topic"]}`) ?? NOTHING;
  }
}

Deno.test("StoredReplies asks every master for what was pushed and for what is pulled, and gives the newest first", async () => {
  await using at = new Fixture("a", "b", "c");
  at.cluster.topics.set(TOPIC, 16);
  at.keep("b", PUSHED_TOPIC, "old", 1);
  at.keep("c", PUSHED_TOPIC, "new", 3);
  at.keep("a", TOPIC, "pulled", 2);
  assert.deepEqual(await at.find("b"), ["new", "pulled", "old"]);
  assert.deepEqual(at.cluster.askedFor(QUERY).sort(), ["a", "a", "b", "b", "c", "c"]);
  assert.deepEqual(await at.find(), ["new", "pulled", "old"], "also for what is near no queue");
});

Deno.test("StoredReplies finds what some have though others cannot be asked, and rejects only where nothing was found", async () => {
  await using at = new Fixture("a", "b");
  await at.cluster.down("b");
  await assert.rejects(at.find("a"), { name: "RocketMqError" });
  at.keep("a", PUSHED_TOPIC, "it", 1);
  assert.deepEqual(await at.find("a"), ["it"]);
});

Deno.test("StoredReplies skips brokers that are told to store none, asks for that once, and says so once", async () => {
  await using at = new Fixture("a", "b");
  at.storing("a", false);
  at.storing("b", false);
  const records = await recordLogs(async () => {
    assert.ok(at.stored.possible, "as long as nothing is known");
    for (let look = 0; look < 3; look++) assert.deepEqual(await at.find("a"), []);
  });
  assert.deepEqual(eventsOf(records), [EVENTS.transport.repliesNotStored]);
  assert.deepEqual([at.cluster.askedFor(CONFIG).sort(), at.cluster.askedFor(QUERY)], [["a", "b"], []]);
  assert.ok(!at.stored.possible);
  // A push has been answered since: the broker was started again with another configuration.
  at.stored.learn(at.cluster.address("b"), true);
  at.keep("b", PUSHED_TOPIC, "it", 1);
  assert.deepEqual([await at.find("a"), at.stored.possible], [["it"], true]);
});

Deno.test("StoredReplies looks in the reply topic though brokers are told to store none of what they push", async () => {
  await using at = new Fixture("a");
  at.storing("a", false);
  at.cluster.topics.set(TOPIC, 16);
  at.keep("a", TOPIC, "pulled", 1);
  assert.deepEqual([await at.find("a"), at.stored.possible], [["pulled"], true]);
});

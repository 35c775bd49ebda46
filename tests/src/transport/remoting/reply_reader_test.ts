import assert from "node:assert/strict";
import { systemClock } from "../../../../src/async/clock.ts";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import {
  REFUSED_RETRY_MS,
  REPLY_PULL_RETRY_MS,
  REPLY_ROUTE_INTERVAL_MS,
} from "../../../../src/transport/remoting/defaults.ts";
import { ReplyReader } from "../../../../src/transport/remoting/reply_reader.ts";
import { ReplyTopic } from "../../../../src/transport/remoting/reply_topic.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { type Asked, ScriptedCluster } from "../../../helpers/scripted_cluster.ts";
import { turns, until } from "../../../helpers/settled.ts";
import { storedRecord } from "../../rocketmq/client/stored_record.ts";

const PULL = RequestCode.PULL_MESSAGE;
const INSTANCE = 21;
/** Of sixteen queues, and of four. */
const QUEUE = 5;
const QUEUE_OF_FOUR = 1;
const TAG = INSTANCE.toString(36);

/** Queues of the reply topic at each broker, held in memory; pulls of an empty one are never answered. */
class Fixture implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly cluster: ScriptedCluster;
  readonly topic: ReplyTopic;
  readonly reader: ReplyReader;
  readonly heard: string[] = [];
  /** What each queue holds beyond where it was read first, by `broker/queue`. */
  readonly queues = new Map<string, string[]>();
  /** Where queues begin. */
  startAt = 100;
  /** What brokers say to all pulls, instead of what they have. */
  refusal: RequestReply | undefined;
  readonly #held = new Map<string, () => void>();

  constructor(names: readonly string[], clusters: readonly string[] = ["C"]) {
    this.cluster = new ScriptedCluster(names, (asked) => this.#answer(asked));
    this.cluster.topics.set("rpc-replies", 16);
    const { client } = this.cluster;
    this.topic = new ReplyTopic(client, this.clock, () => clusters);
    this.reader = new ReplyReader({
      client,
      // What waits long, as for the route, waits for this clock; what waits for brokers has them at once.
      clock: {
        now: systemClock.now,
        monotonic: systemClock.monotonic,
        after: (ms, run) => this.#after(ms, run),
      },
      random: () => 0,
      instance: INSTANCE,
      topic: this.topic,
      clusters: () => clusters,
      listener: ({ body }) => this.heard.push(new TextDecoder().decode(body)),
    });
  }

  /** Starts the reader as a transport does. */
  async start(): Promise<void> {
    await this.topic.look({});
    await this.reader.start({});
  }

  /** Stores a reply. */
  store(place: string, text: string): void {
    const queue = this.queues.get(place) ?? [];
    queue.push(text);
    this.queues.set(place, queue);
    this.#held.get(place)?.();
  }

  /** Offsets that were pulled from, in order. */
  get offsets(): number[] {
    return this.cluster.asked.filter(({ command }) => command.code === PULL)
      .map(({ command }) => Number(command.fields["queueOffset"]));
  }

  /** Queues that were pulled from, as `broker/queue`. */
  get pulled(): string[] {
    const pulls = this.cluster.asked.filter(({ command }) => command.code === PULL);
    return [...new Set(pulls.map(({ broker, command }) => `${broker}/${command.fields["queueId"]}`))].sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reader.close();
    await this.cluster[Symbol.asyncDispose]();
  }

  #after(ms: number, run: () => void): ReturnType<typeof systemClock.after> {
    return ms >= REFUSED_RETRY_MS ? this.clock.after(ms, run) : systemClock.after(ms, run);
  }

  #answer({ broker, command: { code, fields } }: Asked): RequestReply | undefined | Promise<RequestReply> {
    if (code === RequestCode.GET_MAX_OFFSET) {
      return { code: ResponseCode.SUCCESS, fields: { offset: String(this.startAt) } };
    }
    if (code !== PULL) return { code: ResponseCode.SUCCESS };
    if (this.refusal !== undefined) return this.refusal;
    assert.deepEqual([fields["consumerGroup"], fields["subscription"]], ["rpc-replies", TAG]);
    const place = `${broker}/${fields["queueId"]}`;
    const offset = Number(fields["queueOffset"]);
    const found = this.#found(place, offset);
    if (found !== undefined) return found;
    if (fields["suspendTimeoutMillis"] === "0") return nothingAt(offset);
    return new Promise((resolve) => {
      this.#held.set(place, () => {
        const now = this.#found(place, offset);
        if (now !== undefined) resolve(now);
      });
    });
  }

  #found(place: string, offset: number): RequestReply | undefined {
    const texts = (this.queues.get(place) ?? []).slice(Math.max(0, offset - this.startAt));
    if (texts.length === 0) return undefined;
    const nextBeginOffset = String(Math.max(offset, this.startAt) + texts.length);
    const records = texts.map((text, index) =>
      storedRecord({
        topic: "rpc-replies",
        queueOffset: offset + index,
        properties: `TAGS\u0001${TAG}\u0002`,
        body: new TextEncoder().encode(text),
      })
    );
    const body = new Uint8Array(records.flatMap((record) => [...record]));
    return { code: ResponseCode.SUCCESS, fields: { nextBeginOffset, minOffset: "0", maxOffset: "0" }, body };
  }
}

/** The answer to a pull that is not to be held. */
function nothingAt(offset: number): RequestReply {
  const fields = { nextBeginOffset: String(offset), minOffset: "0", maxOffset: String(offset) };
  return { code: ResponseCode.PULL_NOT_FOUND, fields };
}

Deno.test("ReplyReader reads its queue at every master of its clusters, from the end that each had at the start", async () => {
  await using at = new Fixture(["a", "b", "c/Other"]);
  await at.start();
  at.store(`a/${QUEUE}`, "one");
  at.store(`b/${QUEUE}`, "two");
  await until(() => at.heard.length === 2);
  at.store(`a/${QUEUE}`, "three");
  await until(() => at.heard.length === 3);
  assert.deepEqual(at.heard.sort(), ["one", "three", "two"]);
  assert.deepEqual(at.pulled, [`a/${QUEUE}`, `b/${QUEUE}`]);
  assert.equal(Math.min(...at.offsets), at.startAt);
});

Deno.test("ReplyReader goes on where it was after a broker's restart, and at once when that is connected again", async () => {
  await using at = new Fixture(["a"]);
  await at.start();
  at.store(`a/${QUEUE}`, "before");
  await until(() => at.heard.length === 1 && at.offsets.includes(at.startAt + 1));
  const [session] = at.cluster.sessionsOf("a");
  at.queues.get(`a/${QUEUE}`)?.push("meanwhile");
  session?.cut();
  await until(() => at.heard.length === 2);
  assert.deepEqual(at.heard, ["before", "meanwhile"]);
  await until(() => at.offsets.includes(at.startAt + 2));
});

Deno.test("ReplyReader reads a little before the end where it comes late: nothing of its tag can be older", async () => {
  await using at = new Fixture(["a", "b"]);
  at.startAt = 5_000;
  await at.cluster.down("b");
  await at.start();
  await until(() => at.offsets.length === 2);
  assert.deepEqual(at.offsets, [5_000, 5_000]);
  at.cluster.up("b");
  at.reader.connected();
  await until(() => at.offsets.includes(4_000));
});

Deno.test("ReplyReader takes brokers and queues that come later, and reads on in its old ones", async () => {
  await using at = new Fixture(["a"]);
  await at.start();
  await until(() => at.pulled.length === 1);
  at.cluster.topics.set("rpc-replies", 4);
  await at.cluster.client.route("rpc-replies", { fresh: true });
  at.clock.advance(REPLY_ROUTE_INTERVAL_MS);
  await until(() => at.pulled.length === 2);
  assert.deepEqual(at.pulled, [`a/${QUEUE_OF_FOUR}`, `a/${QUEUE}`]);
  at.store(`a/${QUEUE}`, "old");
  at.store(`a/${QUEUE_OF_FOUR}`, "new");
  await until(() => at.heard.length === 2);
});

Deno.test("ReplyReader waits before it reads on behind the end of a queue, and gives in when the queue stays shorter", async () => {
  await using at = new Fixture(["a"]);
  const moved = { nextBeginOffset: "40", minOffset: "0", maxOffset: "40" };
  at.refusal = { code: ResponseCode.PULL_OFFSET_MOVED, fields: moved };
  await at.start();
  await until(() => at.offsets.includes(40));
  assert.equal(at.offsets.indexOf(40), 20, "twenty looks at the old place");
});

Deno.test("ReplyReader says that a broker refuses to be read from", async () => {
  await using at = new Fixture(["a"]);
  at.refusal = { code: ResponseCode.NO_PERMISSION };
  await assert.rejects(at.start(), { name: "RocketMqError", responseCode: ResponseCode.NO_PERMISSION });
});

Deno.test("ReplyReader asks no broker again at once that has refused access, first or later", async () => {
  await using at = new Fixture(["a"]);
  const remark =
    "User:shop has no permission to access Topic:rpc-replies from 127.0.0.1, no matched policies.";
  at.refusal = { code: ResponseCode.NO_PERMISSION, remark };
  await assert.rejects(at.start(), { name: "RocketMqError", access: "permission" });
  for (let pulls = 1; pulls < 4; pulls++) {
    // The timers of the route, and of the reader that waits.
    await until(() => at.clock.timers === 2);
    assert.equal(at.offsets.length, pulls);
    at.clock.advance(REFUSED_RETRY_MS - 1);
    await turns();
    assert.equal(at.offsets.length, pulls);
    at.clock.advance(REPLY_PULL_RETRY_MS.maxMs + 1);
    await until(() => at.offsets.length > pulls);
  }
});

Deno.test("ReplyReader begins once there is a topic, and looks for it from time to time", async () => {
  await using at = new Fixture(["a"]);
  at.cluster.topics.delete("rpc-replies");
  await at.start();
  at.cluster.topics.set("rpc-replies", 16);
  // For a second nobody asks again for a topic that is not there.
  await until(() => (at.clock.advance(REPLY_ROUTE_INTERVAL_MS), at.pulled.length === 1));
});

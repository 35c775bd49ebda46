import assert from "node:assert/strict";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { LOOK_AGAIN_MS } from "../../../../src/transport/remoting/defaults.ts";
import { heldPull } from "../../../../src/transport/remoting/held_pull.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { ScriptedCluster } from "../../../helpers/scripted_cluster.ts";
import { until } from "../../../helpers/settled.ts";
import { storedRecord } from "../../rocketmq/client/stored_record.ts";

const FIELDS = { nextBeginOffset: "8", minOffset: "0", maxOffset: "8" };
const FOUND: RequestReply = {
  code: ResponseCode.SUCCESS,
  fields: FIELDS,
  body: storedRecord({ topic: "t", queueOffset: 7, body: new Uint8Array([1]) }),
};
const NOTHING: RequestReply = {
  code: ResponseCode.PULL_NOT_FOUND,
  fields: { ...FIELDS, nextBeginOffset: "7" },
};
const REQUEST = { group: "g", topic: "t", brokerName: "a", queueId: 0, offset: 7, maxMessages: 32 };

/** A broker that holds pulls for as long as told, and says that to those that it must not hold. */
class Fixture implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly held = createDeferred<RequestReply>();
  readonly cluster: ScriptedCluster;
  readonly controller = new AbortController();

  constructor(atOnce: () => RequestReply) {
    this.cluster = new ScriptedCluster(
      ["a"],
      ({ command: { fields } }) => fields["suspendTimeoutMillis"] === "0" ? atOnce() : this.held.promise,
    );
  }

  pull(commitOffset?: number): ReturnType<typeof heldPull> {
    const { clock, controller: { signal } } = this;
    const request = { ...REQUEST, commitOffset };
    return heldPull(this.cluster.client, this.cluster.address("a"), request, { clock, signal });
  }

  /** The sysFlags of the pulls so far: 1 commits, 2 may be held. */
  get flags(): string[] {
    return this.cluster.asked.filter(({ command }) => command.code === RequestCode.PULL_MESSAGE)
      .map(({ command }) => command.fields["sysFlag"] ?? "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}

Deno.test("heldPull() finds by a second look what was stored while the broker began to hold it", async () => {
  await using at = new Fixture(() => FOUND);
  const pulled = at.pull(5);
  await until(() => at.flags.length === 1);
  at.clock.advance(LOOK_AGAIN_MS);
  const { answer, dealtWith } = await pulled;
  assert.deepEqual([answer.messages.length, answer.nextOffset, dealtWith], [1, 8, false]);
  assert.deepEqual(at.flags, ["3", "0"], "only the first one carries a commit");
});

Deno.test("heldPull() goes on waiting when the second look finds nothing", async () => {
  await using at = new Fixture(() => NOTHING);
  const pulled = at.pull();
  await until(() => at.flags.length === 1);
  at.clock.advance(LOOK_AGAIN_MS);
  await until(() => at.flags.length === 2);
  assert.equal(at.clock.timers, 0, "there is one second look");
  at.held.resolve(FOUND);
  const { answer, dealtWith } = await pulled;
  assert.deepEqual([answer.messages.length, dealtWith], [1, true]);
});

Deno.test("heldPull() takes no second look once it is answered or ended", async () => {
  await using at = new Fixture(() => NOTHING);
  at.held.resolve(FOUND);
  await at.pull();
  assert.equal(at.clock.timers, 0);
  await using other = new Fixture(() => NOTHING);
  const ended = other.pull();
  await until(() => other.flags.length === 1);
  other.controller.abort(new Error("closed"));
  await assert.rejects(ended, { message: "closed" });
  assert.equal(other.clock.timers, 0);
});

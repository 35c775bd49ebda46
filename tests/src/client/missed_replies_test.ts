import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { TimerWheel } from "../../../src/async/timer_wheel.ts";
import { MissedReplies } from "../../../src/client/missed_replies.ts";
import { type PendingCall, PendingCalls } from "../../../src/client/pending.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { type Reply, replyHeaders, writeReply } from "../../../src/envelope/reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import type { QueueRef, StoredReply } from "../../../src/transport/transport.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { packOf } from "../../helpers/packs.ts";
import { turns } from "../../helpers/settled.ts";

const QUEUE: QueueRef = { topic: "t", broker: "a", id: 3 };

class Fixture {
  readonly transport = new FakeTransport();
  readonly pending = new PendingCalls(new TimerWheel(new ManualClock()));
  readonly missed = new MissedReplies(this.transport, this.pending);
  /** Calls that were settled, with what their reply says. */
  readonly settled: string[] = [];
  /** What was looked up, and near which broker. */
  readonly looks: string[] = [];
  readonly stored = new Map<string, StoredReply[]>();

  constructor(...ids: readonly string[]) {
    this.transport.onStoredReplies = (id, near) => {
      this.looks.push(`${id} ${near?.queue.broker}`);
      return Promise.resolve(this.stored.get(id) ?? []);
    };
    for (const id of ids) this.add(id, QUEUE);
  }

  add(id: string, queue: QueueRef | undefined): void {
    const call: PendingCall = {
      id,
      queue,
      replied: (reply) => this.settled.push(`${id} ${reply.ok ? "ok" : reply.error.code}`) > 0,
      timedOut() {},
      failed() {},
    };
    this.pending.add(call, 1_000, undefined);
    this.pending.handOver(id);
  }
}

function ok(id: string): Reply {
  return { id, ok: true, type: "", body: undefined };
}

function refused(id: string): Reply & { readonly ok: false } {
  return { id, ok: false, error: new RpcError("unavailable", "suspended"), ran: "no" };
}

function alone(reply: Reply): StoredReply {
  return { headers: replyHeaders(reply), body: Uint8Array.of(32) };
}

function pack(...replies: readonly Reply[]): StoredReply {
  const entries = replies.map((reply) => {
    const headers = new Map<string, string>();
    writeReply(reply, headers);
    return { headers, body: Uint8Array.of(32) };
  });
  return { headers: new Map([[HEADER.kind, "pack"]]), body: packOf(entries) };
}

Deno.test("MissedReplies looks each call under way up once, near its queue, whenever its transport says that some were missed", async () => {
  const at = new Fixture("c1", "c2");
  at.add("direct", undefined);
  at.pending.add({ id: "not sent", replied: () => true, timedOut() {}, failed() {} }, 1_000, undefined);
  at.stored.set("c1", [alone(ok("c1"))]);
  at.transport.missed();
  await turns(3);
  assert.deepEqual(at.looks.toSorted(), ["c1 a", "c2 a", "direct undefined"]);
  assert.deepEqual([at.settled, at.missed.found, at.pending.has("c2")], [["c1 ok"], 1, true]);
});

Deno.test("MissedReplies settles all calls of a pack by one look-up", async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `c${index}`);
  const at = new Fixture(...ids);
  for (const id of ids) at.stored.set(id, [pack(...ids.map(ok))]);
  await at.missed.look();
  assert.equal(at.settled.length, 40);
  assert.ok(at.looks.length <= 16, `${at.looks.length} look-ups`);
  assert.equal(at.pending.lateReplies, 0);
});

Deno.test("MissedReplies takes the reply that ended the call before a refusal, and a refusal where there is nothing else", async () => {
  const at = new Fixture("c1", "c2", "c3");
  at.stored.set("c1", [alone(refused("c1")), alone(ok("c1"))]);
  at.stored.set("c2", [alone(refused("c2")), alone(refused("c2"))]);
  await at.missed.look();
  assert.deepEqual(at.settled, ["c1 ok", "c2 unavailable"]);
});

Deno.test("MissedReplies finds the refusal of the last try behind an earlier one that was stored again", async () => {
  const at = new Fixture();
  const settled: (string | undefined)[] = [];
  at.pending.add(
    {
      id: "c1",
      repeats: (reply) => !reply.ok && reply.origin === "T/a/0/7",
      replied: (reply) => settled.push(reply.ok ? "ok" : reply.origin) > 0,
      timedOut() {},
      failed() {},
    },
    1_000,
    undefined,
  );
  at.pending.handOver("c1");
  at.stored.set("c1", ["T/a/0/7", "T/a/0/8"].map((origin) => alone({ ...refused("c1"), origin })));
  await at.missed.look();
  assert.deepEqual([settled, at.pending.has("c1")], [["T/a/0/8"], false]);
});

Deno.test("MissedReplies has sixteen look-ups under way at most, and joins looks that come meanwhile into one more", async () => {
  const at = new Fixture(...Array.from({ length: 50 }, (_, index) => `c${index}`));
  const gate = createDeferred<void>();
  let underWay = 0;
  let most = 0;
  let looks = 0;
  at.transport.onStoredReplies = async () => {
    looks++;
    most = Math.max(most, ++underWay);
    await gate.promise;
    underWay--;
    return [];
  };
  const looking = at.missed.look();
  for (let again = 0; again < 5; again++) at.transport.missed();
  await turns(2);
  gate.resolve();
  await looking;
  assert.deepEqual([most, looks], [16, 100]);
});

Deno.test("MissedReplies goes on where a look-up fails or finds what cannot be read, and stops when it is closed", async () => {
  const at = new Fixture("c1", "c2", "c3");
  at.stored.set("c2", [{ headers: new Map([[HEADER.kind, "pack"]]), body: Uint8Array.of(1, 2, 3) }]);
  at.stored.set("c3", [alone(ok("c3"))]);
  const find = at.transport.onStoredReplies;
  at.transport.onStoredReplies = (id, near) => id === "c1" ? Promise.reject(new Error("no")) : find(id, near);
  await at.missed.look();
  assert.deepEqual(at.settled, ["c3 ok"]);
  at.missed.close();
  at.looks.length = 0;
  at.transport.missed();
  await turns(2);
  assert.deepEqual(at.looks, []);
});

Deno.test("MissedReplies looks nothing up where nothing is stored", async () => {
  const at = new Fixture("c1");
  at.transport.capabilities = { ...at.transport.capabilities, storedReplies: false };
  await at.missed.look();
  assert.deepEqual(at.looks, []);
});

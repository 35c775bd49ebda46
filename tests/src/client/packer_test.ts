import assert from "node:assert/strict";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { PACK_CALLS } from "../../../src/client/defaults.ts";
import type { Outgoing } from "../../../src/client/outgoing.ts";
import { Packer } from "../../../src/client/packer.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { decodePack } from "../../../src/envelope/pack.ts";
import { readRequest, type Request } from "../../../src/envelope/request.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import type { Message, QueueRef } from "../../../src/transport/transport.ts";
import { requestOf } from "../../helpers/deliveries.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { turns } from "../../helpers/settled.ts";

class Fixture {
  readonly transport = new FakeTransport();
  readonly failures: RpcError[] = [];
  readonly handedOver: string[] = [];
  readonly packer: Packer;

  constructor(slots = 4, foreign = false, ownerOf?: (queue: QueueRef) => string | undefined) {
    const lane = {
      topic: "test-Service",
      slot: 0,
      slots,
      foreign,
      indexCalls: "calls" as const,
      groups: false,
    };
    this.packer = new Packer(this.transport, lane, ownerOf);
  }

  add(id: string, packed = true, changes: Partial<Request> = {}, live = true): void {
    const outgoing: Outgoing = {
      request: requestOf(id, changes),
      handOver: () => {
        if (live) this.handedOver.push(id);
        return live;
      },
      method: "run",
      live,
      stored: () => assert.fail("a call waits for its reply"),
      sendFailed: (error) => this.failures.push(error),
    };
    this.packer.add(outgoing, packed);
  }

  /** The ids in each message sent. */
  get sentIds(): readonly (readonly string[])[] {
    return this.transport.sent.map(({ message }) => idsIn(message));
  }

  /** How many calls went to which queue in each message. */
  get places(): readonly (readonly [queue: number, calls: number])[] {
    return this.transport.sent.map(({ message, queue }) => [queue.id, idsIn(message).length]);
  }

  /** Holds every send back until the test lets it go. */
  holdSends(): Deferred<void>[] {
    const held: Deferred<void>[] = [];
    this.transport.onSend = () => {
      const deferred = createDeferred<void>();
      held.push(deferred);
      return deferred.promise;
    };
    return held;
  }
}

function idsIn(message: Message): string[] {
  if (message.headers.get(HEADER.kind) !== "pack") {
    return [readRequest(message.headers, message.headers, message.body).id];
  }
  return decodePack(message.body).map(({ headers, body }) => readRequest(message.headers, headers, body).id);
}

function ids(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `c${from + index}`);
}

Deno.test("Packer sends the calls of one turn as one pack that names them all", async () => {
  const at = new Fixture();
  for (const id of ids(0, 3)) at.add(id);
  assert.equal(at.packer.waiting, 3);
  await turns();
  assert.deepEqual(at.sentIds, [ids(0, 3)]);
  const [sent] = at.transport.sent;
  assert.deepEqual([sent?.message.keys, sent?.message.tag, sent?.queue.id], [ids(0, 3), "run", 0]);
  assert.deepEqual(at.handedOver, ids(0, 3));
  assert.deepEqual([at.packer.waiting, at.failures], [0, []]);
});

Deno.test("Packer sends a single call as a plain request envelope", async () => {
  const at = new Fixture();
  at.add("c1");
  await turns();
  assert.equal(at.transport.sent[0]?.message.headers.get(HEADER.kind), "request");
  assert.deepEqual(at.sentIds, [["c1"]]);
});

Deno.test("Packer gathers calls while its queue has a send outstanding", async () => {
  const at = new Fixture();
  const held = at.holdSends();
  at.add("c0");
  await turns();
  for (const id of ids(1, 2)) at.add(id);
  await turns();
  at.add("c3");
  await turns();
  assert.deepEqual(at.sentIds, [["c0"]]);
  held[0]?.resolve();
  await turns();
  assert.deepEqual(at.sentIds, [["c0"], ids(1, 3)]);
  held[1]?.resolve();
  await turns();
});

Deno.test("Packer uses every queue of the slot before it gathers", async () => {
  const at = new Fixture(1);
  const held = at.holdSends();
  for (const id of ids(0, 6)) {
    at.add(id);
    await turns();
  }
  assert.deepEqual(at.sentIds, [["c0"], ["c1"], ["c2"], ["c3"]]);
  assert.deepEqual(new Set(at.transport.sent.map(({ queue }) => queue.id)), new Set([0, 1, 2, 3]));
  held[2]?.resolve();
  await turns();
  assert.deepEqual(at.sentIds.at(-1), ["c4", "c5"]);
  assert.equal(at.transport.sent.at(-1)?.queue.id, at.transport.sent[2]?.queue.id);
  for (const { resolve } of held) resolve();
});

Deno.test("Packer puts at most so many calls into a pack", async () => {
  const at = new Fixture();
  for (const id of ids(0, 2 * PACK_CALLS + 2)) at.add(id);
  await turns();
  assert.deepEqual(at.sentIds, [ids(0, PACK_CALLS), ids(PACK_CALLS, PACK_CALLS), ids(2 * PACK_CALLS, 2)]);
});

Deno.test("Packer gives each queue a pack where nobody knows whose they are", async () => {
  const at = new Fixture(1);
  for (const id of ids(0, 3 * PACK_CALLS + 8)) at.add(id);
  await turns();
  assert.deepEqual(at.places, [[0, PACK_CALLS], [1, PACK_CALLS], [2, PACK_CALLS], [3, 8]]);
});

Deno.test("Packer gives an owner all packs of a turn by one queue, the next time by another one", async () => {
  const at = new Fixture(1, false, () => "the only one");
  const held = at.holdSends();
  for (const id of ids(0, 3 * PACK_CALLS + 8)) at.add(id);
  await turns();
  assert.deepEqual(at.places, [[0, PACK_CALLS], [0, PACK_CALLS], [0, PACK_CALLS], [0, 8]]);
  for (const id of ids(1_000, 2 * PACK_CALLS + 2)) at.add(id);
  await turns();
  assert.deepEqual(at.places.slice(4), [[1, PACK_CALLS], [1, PACK_CALLS], [1, 2]]);
  // As long as one of its packs is outstanding, the queue gets no others.
  held[0]?.resolve();
  for (const id of ids(2_000, 3)) {
    at.add(id);
    await turns();
  }
  assert.deepEqual(at.places.slice(7), [[2, 1], [3, 1]]);
  for (const { resolve } of held.slice(0, 4)) resolve();
  await turns();
  assert.deepEqual(at.places.slice(9), [[0, 1]]);
  for (const { resolve } of held) resolve();
});

Deno.test("Packer divides what is more than a pack among the owners of the queues", async () => {
  const at = new Fixture(1, false, ({ id }) => ["a", "a", "b", undefined][id]);
  for (const id of ids(0, 6 * PACK_CALLS)) at.add(id);
  await turns();
  assert.deepEqual(at.places, [0, 2, 3, 0, 2, 3].map((queue) => [queue, PACK_CALLS]));
});

Deno.test("Packer gives no queue more than it can take at once, however few owners there are", async () => {
  const at = new Fixture(1, false, () => "the only one");
  const held = at.holdSends();
  for (const id of ids(0, 10 * PACK_CALLS)) at.add(id, true, { body: new Uint8Array(200) });
  await turns();
  const packs = (queue: number) => at.places.filter(([id]) => id === queue).length;
  assert.deepEqual([packs(0), packs(1), packs(2)], [3, 3, 3]);
  for (const { resolve } of held) resolve();
  await turns();
  assert.equal(at.places.length, 10);
  const large = new Fixture(1, false, () => "the only one");
  large.holdSends();
  for (const id of ids(0, 9)) large.add(id, true, { body: new Uint8Array(200 * 1_024) });
  await turns();
  assert.deepEqual(large.places, [[0, 1], [1, 1], [2, 1], [3, 1]]);
});

Deno.test("Packer puts at most 256 KiB into a pack, and lets a larger call travel alone", async () => {
  const at = new Fixture();
  const sizes = [100, 100, 100, 300, 10];
  sizes.forEach((kib, index) => at.add(`c${index}`, true, { body: new Uint8Array(kib * 1024) }));
  await turns();
  assert.deepEqual(at.sentIds, [["c0", "c1"], ["c2"], ["c3"], ["c4"]]);
});

Deno.test("Packer tells every call of a pack that its send failed, each under its own id", async () => {
  const at = new Fixture();
  at.transport.onSend = () =>
    Promise.reject(new RpcError("resource_exhausted", "Full", { outcome: "not_sent", callId: "other" }));
  for (const id of ids(0, 3)) at.add(id);
  await turns();
  assert.deepEqual(
    at.failures.map(({ code, outcome, message, callId }) => [code, outcome, message, callId]),
    ids(0, 3).map((id) => ["resource_exhausted", "not_sent", "Full", id]),
  );
  at.transport.onSend = () => Promise.resolve();
  at.add("c9");
  await turns();
  assert.deepEqual(at.sentIds.at(-1), ["c9"], "the queue is free again");
});

Deno.test("Packer concludes nothing from an error that says nothing", async () => {
  const at = new Fixture();
  at.transport.onSend = () => Promise.reject(new Error("boom"));
  at.add("c1");
  await turns();
  assert.deepEqual(at.failures.map(({ code, outcome }) => [code, outcome]), [["unknown", "sent_unknown"]]);
});

Deno.test("Packer tells every waiting call that there is no queue, and looks again for the next", async () => {
  const at = new Fixture();
  const queues = at.transport.onQueues;
  at.transport.onQueues = () =>
    Promise.reject(new RpcError("unavailable", "No topic", { outcome: "not_sent" }));
  at.add("c1");
  at.add("c2");
  await turns();
  at.transport.onQueues = () => Promise.resolve([{ topic: "test-Service", broker: "a", id: 1 }]);
  at.add("c3");
  await turns();
  assert.deepEqual(at.failures.map(({ code, outcome, callId }) => [code, outcome, callId]), [
    ["unavailable", "not_sent", "c1"],
    ["unavailable", "not_sent", "c2"],
    ["unavailable", "not_sent", "c3"],
  ]);
  assert.match(at.failures[2]?.message ?? "", /no queue in slot 0/);
  at.transport.onQueues = queues;
  at.add("c4");
  await turns();
  assert.deepEqual(at.sentIds, [["c4"]]);
});

Deno.test("Packer leaves out calls that were given up meanwhile", async () => {
  const at = new Fixture();
  at.add("c1");
  at.add("c2", true, {}, false);
  at.add("c3");
  await turns();
  at.add("c4", true, {}, false);
  await turns();
  assert.deepEqual(at.sentIds, [["c1", "c3"]]);
});

Deno.test("Packer sends unpacked calls one by one, without waiting", async () => {
  const at = new Fixture(1);
  const held = at.holdSends();
  for (const id of ids(0, 3)) at.add(id, false);
  await turns();
  assert.deepEqual(at.sentIds, [["c0"], ["c1"], ["c2"]]);
  for (const { resolve } of held) resolve();
});

Deno.test("Packer divides the unpacked calls of a turn among the owners, and has those of one owner stored together", async () => {
  const at = new Fixture(1, false, ({ id }) => id < 2 ? "a" : "b");
  const queueOf = (index: number) => at.places[index]?.[0] ?? assert.fail();
  for (const id of ids(0, 6)) at.add(id, false);
  await turns();
  const queues = [0, 1, 2, 3, 4, 5].map(queueOf);
  assert.deepEqual(new Set(queues).size, 2);
  assert.deepEqual(queues.filter((id) => id < 2).length, 3);
});

Deno.test("Packer sends each stream to another queue: there it stays", async () => {
  const at = new Fixture(1, false, () => "a");
  for (const id of ids(0, 6)) at.add(id, true, { credit: { items: 64, bytes: 1 } });
  await turns();
  for (const id of ids(6, 2)) at.add(id, true, { credit: { items: 64, bytes: 1 } });
  await turns();
  const count = new Map<number, number>();
  for (const [queue] of at.places) count.set(queue, (count.get(queue) ?? 0) + 1);
  assert.deepEqual([...count.values()], [2, 2, 2, 2]);
});

Deno.test("Packer stops packing as soon as the last caller knows of a receiver that cannot open packs", async () => {
  const at = new Fixture();
  const held = at.holdSends();
  at.add("c0");
  await turns();
  at.add("c1");
  at.add("c2", false);
  held[0]?.resolve();
  await turns();
  assert.deepEqual(at.sentIds, [["c0"], ["c1"], ["c2"]]);
  for (const { resolve } of held) resolve();
});

Deno.test("Packer makes requests to a foreign contract answerable by a plain responder", async () => {
  const at = new Fixture(1, true);
  at.add("c1", false, { timeoutMs: 700 });
  await turns();
  assert.deepEqual(at.transport.sent[0]?.message.plain, { correlationId: "c1", ttlMs: 700 });
});

Deno.test("Packer keeps no more of what is over than can be under way, however long a look-up takes", async () => {
  const at = new Fixture();
  at.transport.onQueues = () => new Promise(() => {});
  for (let index = 0; index < 50_000; index++) at.add("c1", true, {}, false);
  assert.ok(at.packer.waiting < 10_000, `${at.packer.waiting} are kept`);
  await turns();
});

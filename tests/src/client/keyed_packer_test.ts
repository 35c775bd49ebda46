import assert from "node:assert/strict";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { queueOfKey } from "../../../src/call/plan.ts";
import { KeyedPacker } from "../../../src/client/keyed_packer.ts";
import type { KeyedOutgoing } from "../../../src/client/lane.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import type { RpcError } from "../../../src/errors/rpc_error.ts";
import type { QueueRef } from "../../../src/transport/transport.ts";
import { requestsIn, sendFailure } from "../../helpers/caller_fixture.ts";
import { requestOf } from "../../helpers/deliveries.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { turns } from "../../helpers/settled.ts";

/** A request whose fate the test decides. */
class Made implements KeyedOutgoing {
  readonly request;
  readonly key: string;
  readonly failures: RpcError[] = [];
  live = true;
  paused = false;
  queue: QueueRef | undefined;
  plan = 0;
  method = "run";
  slot = 0;
  slots = 1;
  /** What the call does about a failure. */
  onFailure: () => void = () => this.live = false;

  /** @param id `a1` has key `a` */
  constructor(id: string) {
    this.request = requestOf(id, { key: id.slice(0, 1) });
    this.key = id.slice(0, 1);
  }
  handOver(_queue: QueueRef, plan: number): boolean {
    this.plan = plan;
    return this.live;
  }
  stored(): void {
    assert.fail("a call waits for its reply");
  }
  sendFailed(error: RpcError): void {
    this.failures.push(error);
    this.onFailure();
  }
}

class Fixture {
  readonly transport = new FakeTransport();
  readonly packer: KeyedPacker;
  readonly held: Deferred<void>[] = [];
  fresh = 0;
  #queues = 1;

  constructor(queues = 1, groups = false) {
    const to = { topic: "test-Service", foreign: false, indexCalls: "calls" as const, groups };
    this.packer = new KeyedPacker(this.transport, to);
    this.plan(queues);
    this.transport.onSend = () => {
      const answer = createDeferred<void>();
      this.held.push(answer);
      return answer.promise;
    };
  }

  plan(queues: number, number = 0): void {
    this.#queues = queues;
    this.transport.onPlan = async (topic, fresh) => {
      if (fresh) this.fresh++;
      return { number, queues: await this.transport.onQueues(topic) };
    };
    this.transport.onQueues = (topic) =>
      Promise.resolve(Array.from({ length: this.#queues }, (_, id) => ({ topic, broker: "a", id })));
  }

  async add(...made: readonly Made[]): Promise<void> {
    for (const each of made) this.packer.add(each, true);
    await turns();
  }

  async settle(index: number, outcome?: "not_sent" | "sent_unknown"): Promise<void> {
    if (outcome === undefined) this.held[index]?.resolve();
    else this.held[index]?.reject(sendFailure(outcome));
    await turns();
  }

  get sent(): readonly (readonly string[])[] {
    return this.transport.sent.map(({ message }) => requestsIn(message).map(({ id }) => id));
  }
}

function made(...ids: readonly string[]): readonly Made[] {
  return ids.map((id) => new Made(id));
}

Deno.test("KeyedPacker sends each request to the queue of its key among those of its slot", async () => {
  const at = new Fixture(16);
  const all = made("a1", "b1", "c1", "d1");
  for (const each of all) Object.assign(each, { slot: 2, slots: 4 });
  await at.add(...all);
  const slot = [2, 6, 10, 14];
  assert.deepEqual(
    new Map(
      at.transport.sent.flatMap(({ message, queue }) =>
        requestsIn(message).map(({ key }) => [key, queue.id])
      ),
    ),
    new Map(["a", "b", "c", "d"].map((key) => [key, queueOfKey(slot, key)])),
  );
});

Deno.test("KeyedPacker has one send to a queue outstanding; meanwhile further requests gather, in order", async () => {
  const at = new Fixture();
  await at.add(...made("a1"));
  await at.add(...made("a2", "b1"));
  await at.add(...made("a3"));
  assert.deepEqual([at.sent, at.packer.waiting], [[["a1"]], 3]);
  await at.settle(0);
  assert.deepEqual([at.sent, at.packer.waiting], [[["a1"], ["a2", "b1", "a3"]], 0]);
  await at.settle(1);
  assert.equal(at.sent.length, 2);
});

Deno.test("KeyedPacker lets one queue not wait for another", async () => {
  const at = new Fixture(16);
  await at.add(...made("a1", "b1", "a2"));
  assert.deepEqual(at.sent, [["a1", "a2"], ["b1"]]);
});

Deno.test("KeyedPacker sends one by one, in order, where a receiver cannot open packs", async () => {
  const at = new Fixture();
  for (const each of made("a1", "b1", "a2")) at.packer.add(each, false);
  await turns();
  for (let index = 0; index < 3; index++) await at.settle(index);
  assert.deepEqual(at.sent, [["a1"], ["b1"], ["a2"]]);
});

Deno.test("KeyedPacker sends requests of one key together, and says which, where the queue alone keeps no order", async () => {
  const at = new Fixture(1, true);
  await at.add(...made("a1", "b1", "a2"));
  await at.settle(0);
  await at.settle(1);
  assert.deepEqual(at.sent, [["a1", "a2"], ["b1"]]);
  assert.deepEqual(at.transport.sent.map(({ message }) => message.messageGroup), ["a", "b"]);
});

Deno.test("KeyedPacker leaves out a request given up while it waits, and goes on", async () => {
  const at = new Fixture();
  const [a1, a2, a3] = made("a1", "a2", "a3");
  assert.ok(a1 && a2 && a3);
  await at.add(a1);
  await at.add(a2, a3);
  a2.live = false;
  at.packer.over(a2);
  await at.settle(0);
  assert.deepEqual(at.sent, [["a1"], ["a3"]]);
});

Deno.test("KeyedPacker tells the requests of a failed send, and goes on with those behind", async () => {
  const at = new Fixture();
  const [a1, b1, a2] = made("a1", "b1", "a2");
  assert.ok(a1 && b1 && a2);
  await at.add(a1, b1);
  await at.add(a2);
  await at.settle(0, "sent_unknown");
  assert.deepEqual(
    [a1, b1].map(({ failures }) => failures.map(({ outcome, callId }) => [outcome, callId])),
    [[["sent_unknown", "a1"]], [["sent_unknown", "b1"]]],
  );
  assert.deepEqual(at.sent.at(-1), ["a2"]);
});

Deno.test("KeyedPacker keeps the place of what is sent again, and holds its key back until then", async () => {
  const at = new Fixture();
  const [a1, b1, a2, c1] = made("a1", "b1", "a2", "c1");
  assert.ok(a1 && b1 && a2 && c1);
  a1.onFailure = () => a1.paused = true;
  b1.onFailure = () => b1.paused = true;
  await at.add(a1, b1);
  await at.add(a2, c1);
  await at.settle(0, "not_sent");
  assert.deepEqual(at.sent.at(-1), ["c1"]);
  await at.settle(1);
  a1.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.sent.at(-1), ["a1", "a2"]);
  await at.settle(2);
  b1.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.sent.at(-1), ["b1"]);
});

Deno.test("KeyedPacker lets go what waits behind a paused request whose call is over", async () => {
  const at = new Fixture();
  const [a1, a2] = made("a1", "a2");
  assert.ok(a1 && a2);
  a1.onFailure = () => a1.paused = true;
  await at.add(a1, a2);
  // Only the first is to be sent again: the other has been given up by its own deadline.
  await at.settle(0, "not_sent");
  await at.add(...made("a3"));
  assert.deepEqual([at.sent, a2.live], [[["a1", "a2"]], false]);
  a1.live = false;
  at.packer.over(a1);
  await turns();
  assert.deepEqual(at.sent.at(-1), ["a3"]);
});

Deno.test("KeyedPacker tells what has arrived that no queue could be found, and keeps what is to be tried again", async () => {
  const at = new Fixture();
  const queues = at.transport.onQueues;
  at.transport.onQueues = () => Promise.reject(new Error("boom"));
  const [a1, a2, b1, c1] = made("a1", "a2", "b1", "c1");
  assert.ok(a1 && a2 && b1 && c1);
  a1.onFailure = () => a1.paused = true;
  // Whoever fails makes room for another call, which is younger than all that wait.
  b1.onFailure = () => {
    b1.live = false;
    at.packer.add(new Made("a9"), true);
  };
  await at.add(a1, a2, b1);
  assert.deepEqual(
    [a1, a2, b1].map(({ failures }) => failures.map(({ code, outcome }) => [code, outcome])),
    [[["unknown", "not_sent"]], [], [["unknown", "not_sent"]]],
  );
  at.transport.onQueues = queues;
  await at.add(c1);
  assert.deepEqual(at.sent, [["c1"]]);
  await at.settle(0);
  a1.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.sent.at(-1), ["a1", "a2", "a9"]);
});

Deno.test("KeyedPacker refuses what has no queue in its slot", async () => {
  const at = new Fixture(2);
  const [a1] = made("a1");
  assert.ok(a1);
  Object.assign(a1, { slot: 3, slots: 4 });
  await at.add(a1);
  assert.deepEqual(a1.failures.map(({ code, outcome }) => [code, outcome]), [["unavailable", "not_sent"]]);
  assert.match(a1.failures[0]?.message ?? "", /no queue in slot 3/);
});

Deno.test("KeyedPacker follows a new plan once what was sent by the old one has arrived", async () => {
  const at = new Fixture(1);
  await at.add(...made("a1"));
  await at.add(...made("a2"));
  at.plan(5);
  await at.add(...made("a3", "b1"));
  assert.deepEqual(at.sent, [["a1"]], "nothing overtakes what is on its way");
  await at.settle(0);
  const five = [0, 1, 2, 3, 4];
  const placed = new Map(
    at.transport.sent.slice(1).map(({ queue }, index) => [queue.id, at.sent[index + 1]]),
  );
  assert.deepEqual(placed.get(queueOfKey(five, "a") ?? -1), ["a2", "a3"]);
  assert.deepEqual(placed.get(queueOfKey(five, "b") ?? -1), ["b1"]);
});

Deno.test("KeyedPacker goes on by the plan that it had when the new one is gone again", async () => {
  const at = new Fixture(1);
  await at.add(...made("a1"));
  at.plan(5);
  await at.add(...made("a2"));
  at.plan(1);
  await at.settle(0);
  assert.deepEqual(at.sent, [["a1"], ["a2"]]);
  assert.equal(at.transport.sent[1]?.queue.id, 0);
});

Deno.test("KeyedPacker sends to no other queue what a queue may have", async () => {
  const at = new Fixture(1);
  const [a1] = made("a1");
  assert.ok(a1);
  a1.onFailure = () =>
    Object.assign(a1, { paused: true, queue: { topic: "test-Service", broker: "a", id: 0 } });
  await at.add(a1);
  await at.settle(0, "sent_unknown");
  at.plan(5);
  a1.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.transport.sent.map(({ queue }) => queue.id), [0, 0]);
});

Deno.test("KeyedPacker takes back only what is the latest of its key, to be sent before what waits", async () => {
  const at = new Fixture();
  const [a1, a2, a3] = made("a1", "a2", "a3");
  assert.ok(a1 && a2 && a3);
  await at.add(a1);
  assert.ok(at.packer.isLatest(a1));
  await at.settle(0);
  await at.add(a2);
  assert.ok(!at.packer.isLatest(a1) && at.packer.isLatest(a2));
  // The callee's refusal comes before the broker's answer to the send.
  await at.add(a3);
  a2.paused = true;
  at.packer.takeBack(a2);
  await at.settle(1);
  assert.equal(at.sent.length, 2);
  a2.paused = false;
  at.packer.resume(true);
  await turns();
  assert.deepEqual(at.sent.slice(2), [["a2", "a3"]]);
  at.packer.over(a3);
  assert.ok(!at.packer.isLatest(a3), "what is over is not kept");
});

Deno.test("KeyedPacker tells whether the queue of a key is another by now", async () => {
  const at = new Fixture(5);
  const [a1] = made("a1");
  assert.ok(a1);
  const id = queueOfKey([0, 1, 2, 3, 4], "a") ?? assert.fail();
  assert.notEqual(id, 0);
  assert.ok(!await at.packer.moved(a1, { topic: "test-Service", broker: "a", id }));
  assert.ok(await at.packer.moved(a1, { topic: "test-Service", broker: "b", id }));
  at.plan(1);
  assert.ok(await at.packer.moved(a1, { topic: "test-Service", broker: "a", id }));
  at.transport.onQueues = () => Promise.resolve([]);
  assert.ok(!await at.packer.moved(a1, { topic: "test-Service", broker: "a", id }));
  at.transport.onQueues = () => Promise.reject(new Error("down"));
  assert.ok(!await at.packer.moved(a1, { topic: "test-Service", broker: "a", id }));
});

Deno.test("KeyedPacker tells that a request went by another plan than there is, and asks anew for that", async () => {
  const at = new Fixture();
  at.plan(1, 3);
  const [a1] = made("a1");
  assert.ok(a1);
  await at.add(a1);
  assert.deepEqual([a1.plan, at.fresh], [3, 0]);
  const from = { topic: "test-Service", broker: "a", id: 0 };
  assert.ok(!await at.packer.moved(a1, from));
  at.plan(1, 4);
  assert.ok(await at.packer.moved(a1, from), "the queue is the same, the plan is not");
  assert.equal(at.fresh, 2);
});

Deno.test("KeyedPacker writes the number of its plan once on a message, alone or a pack, and none where none is declared", async () => {
  const at = new Fixture();
  const numbers = () => at.transport.sent.map(({ message }) => message.headers.get(HEADER.plan));
  await at.add(...made("a1"));
  await at.settle(0);
  at.plan(1, 12);
  await at.add(...made("a2"));
  await at.settle(1);
  await at.add(...made("a3", "b1"));
  assert.deepEqual(at.sent, [["a1"], ["a2"], ["a3", "b1"]]);
  assert.deepEqual(numbers(), [undefined, "12", "12"]);
  const [, , pack] = at.transport.sent;
  assert.deepEqual(requestsIn(pack?.message ?? assert.fail()).map(({ plan }) => plan), [12, 12]);
});

Deno.test("KeyedPacker is idle when no call needs it", async () => {
  const at = new Fixture();
  assert.ok(at.packer.idle);
  const [a1] = made("a1");
  assert.ok(a1);
  at.packer.add(a1, true);
  assert.ok(!at.packer.idle);
  await turns();
  a1.live = false;
  at.packer.over(a1);
  assert.ok(!at.packer.idle, "its send is outstanding");
  await at.settle(0);
  assert.ok(at.packer.idle);
});

Deno.test("KeyedPacker keeps no more of what is over than can be under way, however long a look-up takes", async () => {
  const at = new Fixture();
  at.transport.onQueues = () => new Promise(() => {});
  for (let index = 0; index < 50_000; index++) {
    const each = new Made("a1");
    at.packer.add(each, true);
    each.live = false;
  }
  assert.ok(at.packer.waiting < 10_000, `${at.packer.waiting} are kept`);
  await turns();
});

Deno.test("KeyedPacker keeps no more of what is over than can be under way, however long a send takes", async () => {
  const at = new Fixture();
  await at.add(...made("a1"));
  for (let round = 0; round < 50; round++) {
    const given = Array.from({ length: 1_000 }, () => new Made("b1"));
    await at.add(...given);
    for (const each of given) each.live = false;
  }
  assert.ok(at.packer.waiting < 10_000, `${at.packer.waiting} are kept`);
  await at.add(...made("c1"));
  await at.settle(0);
  assert.deepEqual(at.sent, [["a1"], ["c1"]]);
  await at.settle(1);
});

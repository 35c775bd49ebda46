import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { queueOfKey } from "../../../src/call/plan.ts";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { QueuePlan } from "../../../src/server/queue_plan.ts";
import type { QueueRef } from "../../../src/transport/transport.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

const keyed = method<string, string>({ key: (input) => input });
const Service = defineService("test.Service", { first: keyed, second: keyed, third: keyed }, { slots: 2 });
const Entity = defineEntity("test.Service", { first: method(), second: method() });

/** Two brokers with as many queues each. */
function queuesOf(topic: string, each: number): readonly QueueRef[] {
  return ["a", "b"].flatMap((broker) => Array.from({ length: each }, (_, id) => ({ topic, broker, id })));
}

class Fixture {
  readonly clock = new ManualClock();
  readonly transport = new FakeTransport();
  looks = 0;
  fresh = 0;
  each = 8;
  number = 0;
  readonly plan: QueuePlan;

  constructor(contract: typeof Service | typeof Entity = Service, ownedPartitions = true) {
    this.transport.capabilities = { ...this.transport.capabilities, ownedPartitions };
    this.transport.onQueues = (topic) => {
      this.looks++;
      return Promise.resolve(queuesOf(topic, this.each));
    };
    this.transport.onPlan = async (topic, fresh) => {
      if (fresh) this.fresh++;
      return { number: this.number, queues: await this.transport.onQueues(topic) };
    };
    this.plan = new QueuePlan(contract, this.transport, this.clock);
  }
}

Deno.test("QueuePlan gives the keys of a method all declared queues of its slot, of an entity all of the topic", async () => {
  const at = new Fixture();
  await at.plan.refresh();
  const all = queuesOf("test-Service", 8);
  for (const [method, slot] of [["first", 0], ["second", 1], ["third", 0]] as const) {
    const own = all.filter(({ id }) => id % 2 === slot);
    for (const key of ["a", "b", "acc-1", "ü"]) {
      const queue = queueOfKey(own, key) ?? assert.fail();
      assert.deepEqual(at.plan.queueOf(method, key), queue);
      for (const one of all) {
        assert.equal(at.plan.holds(one, method, key), one.broker === queue.broker && one.id === queue.id);
      }
    }
  }
  const entity = new Fixture(Entity);
  await entity.plan.refresh();
  for (const method of ["first", "second"]) {
    assert.deepEqual(entity.plan.queueOf(method, "acc-1"), queueOfKey(all, "acc-1"));
  }
});

Deno.test("QueuePlan holds nothing before it was looked up, and looks nothing up unasked", () => {
  const at = new Fixture();
  const [queue] = queuesOf("test-Service", 1);
  assert.ok(queue !== undefined && !at.plan.holds(queue, "first", "a"));
  assert.equal(at.plan.queueOf("first", "a"), undefined);
  at.plan.age();
  assert.equal(at.looks, 0);
});

Deno.test("QueuePlan does not apply where partitions have no owner", () => {
  const at = new Fixture(Service, false);
  for (const queue of queuesOf("test-Service", 8)) assert.ok(at.plan.holds(queue, "first", "a"));
  assert.equal(at.looks, 0);
});

Deno.test("QueuePlan is looked up again in the background while it is used, every five seconds", async () => {
  const at = new Fixture();
  await at.plan.refresh();
  at.clock.advance(4_999);
  at.plan.age();
  assert.equal(at.looks, 1);
  at.clock.advance(1);
  at.each = 4;
  at.plan.age();
  at.plan.age();
  await turns(1);
  assert.equal(at.looks, 2);
  const own = queuesOf("test-Service", 4).filter(({ id }) => id % 2 === 0);
  assert.deepEqual(at.plan.queueOf("first", "a"), queueOfKey(own, "a"));
});

Deno.test("QueuePlan keeps what it knows when a look fails, and tries again after a second", async () => {
  const at = new Fixture();
  await at.plan.refresh();
  const known = at.plan.queueOf("first", "a");
  at.transport.onQueues = () => {
    at.looks++;
    return Promise.reject(new RpcError("unavailable", "Down", { outcome: "not_sent" }));
  };
  at.clock.advance(5_000);
  for (let message = 0; message < 3; message++) {
    at.plan.age();
    await turns(1);
  }
  assert.deepEqual([at.looks, at.plan.queueOf("first", "a")], [2, known]);
  at.clock.advance(999);
  at.plan.age();
  assert.equal(at.looks, 2);
  at.clock.advance(1);
  at.plan.age();
  await turns(1);
  assert.equal(at.looks, 3);
  await assert.rejects(at.plan.refresh(), { code: "unavailable" });
});

Deno.test("QueuePlan refresh trusts a look of the last second, and shares one that is under way", async () => {
  const at = new Fixture();
  const gate = createDeferred<void>();
  at.transport.onQueues = async (topic) => {
    at.looks++;
    await gate.promise;
    return queuesOf(topic, 8);
  };
  const both = Promise.all([at.plan.refresh(), at.plan.refresh()]);
  gate.resolve();
  await both;
  await at.plan.refresh();
  assert.equal(at.looks, 1);
  at.clock.advance(1_000);
  await at.plan.refresh();
  assert.equal(at.looks, 2);
});

Deno.test("QueuePlan refresh looks anew where a caller knows a later plan, every 50 ms at most", async () => {
  const at = new Fixture();
  at.number = 3;
  await at.plan.refresh();
  at.clock.advance(49);
  const both = Promise.all([at.plan.refresh(4), at.plan.refresh(5)]);
  await at.plan.refresh(3);
  assert.equal(at.looks, 1);
  at.number = 4;
  at.clock.advance(1);
  await both;
  assert.deepEqual([at.looks, at.fresh], [2, 2]);
  const queue = at.plan.queueOf("first", "a") ?? assert.fail();
  assert.deepEqual([3, 4, 5, undefined].map((number) => at.plan.holds(queue, "first", "a", number)), [
    false,
    true,
    false,
    true,
  ]);
});

Deno.test("QueuePlan refresh waits for no look in the background, whose older answer changes nothing", async () => {
  const at = new Fixture();
  at.number = 1;
  await at.plan.refresh();
  at.clock.advance(5_000);
  const gate = createDeferred<void>();
  at.transport.onPlan = async (topic, fresh) => {
    if (fresh) return { number: 2, queues: queuesOf(topic, 8) };
    await gate.promise;
    return { number: 1, queues: queuesOf(topic, 8) };
  };
  at.plan.age();
  await at.plan.refresh();
  gate.resolve();
  await turns(1);
  const queue = at.plan.queueOf("first", "a") ?? assert.fail();
  assert.deepEqual([1, 2].map((number) => at.plan.holds(queue, "first", "a", number)), [false, true]);
});

import assert from "node:assert/strict";
import type { Capabilities } from "rocket-actors";
import { createDeferred } from "../../src/async/deferred.ts";
import { RecordingSink } from "../helpers/recording_sink.ts";
import type { TransportTest } from "./transport_stage.ts";

/** Members of a group: who is one, and what each of them gets. */
export function groupTests(test: TransportTest, ownership: Capabilities["ownership"]): void {
  membership(test);
  if (ownership === "offset") division(test);
  else sharing(test);
}

function membership(test: TransportTest): void {
  test("tells who the members of a group are", async (stage) => {
    const one = await stage.maker();
    const other = await stage.participant();
    await stage.members(one, 0);
    const first = await stage.join(one);
    await stage.members(other, 1);
    const second = await stage.join(other);
    await stage.members(one, 2);
    await first.subscription.close();
    await stage.members(one, 1);
    await second.subscription.close();
    await stage.members(one, 0);
  });

  test("joins a group once at a time", async (stage) => {
    const maker = await stage.maker();
    const { sink, subscription } = await stage.join(maker);
    const { topic, group } = stage;
    await assert.rejects(maker.transport.subscribe({ topic, group }, new RecordingSink()), {
      name: "TypeError",
    });
    await stage.until(() => sink.queues.length === 2, "both queues");
    await subscription.close();
    const again = await stage.join(maker);
    await stage.until(() => again.sink.queues.length === 2, "both queues again");
  });
}

function division(test: TransportTest): void {
  test("divides the queues among the members, and divides them anew when members come and go", async (stage) => {
    const maker = await stage.maker(8);
    const a = await stage.join(maker);
    await stage.until(() => a.sink.queues.length === 8, "all queues");
    const b = await stage.join(await stage.participant());
    await stage.until(() => a.sink.queues.length === 4 && b.sink.queues.length === 4, "half and half");
    const c = await stage.join(await stage.participant());
    const all = () => [a, b, c].flatMap(({ sink }) => sink.queues);
    await stage.until(() => all().length === 8 && c.sink.queues.length >= 2, "a share for each");
    assert.deepEqual(all().sort(), [0, 1, 2, 3, 4, 5, 6, 7], "each queue belongs to one");
    await b.subscription.close();
    await stage.until(() => a.sink.queues.length === 4 && c.sink.queues.length === 4, "half and half again");
    await a.subscription.close();
    await stage.until(() => c.sink.queues.length === 8, "all queues");
    assert.ok(a.sink.steps.every((step) => !step.startsWith("lost")), "nothing is lost on the way");
  });

  test("gives a queue to its next owner only once it was drained", async (stage) => {
    const maker = await stage.maker(2);
    const queues = await maker.transport.queues(stage.topic);
    const draining = createDeferred<void>();
    const a = new RecordingSink();
    a.onRevoked = () => draining.promise;
    await stage.join(maker, a);
    await stage.until(() => a.queues.length === 2, "both queues");
    for (const queue of queues) await stage.send(maker, queue, `${queue.id}-0`, `${queue.id}-1`);
    await stage.delivered(a, 4);
    const partitions = queues.map((queue) => a.partition(queue));
    const b = await stage.join(await stage.participant());
    await stage.until(() => partitions.some((partition) => !partition.held()), "one queue to be handed over");
    const moved = queues.findIndex((_, index) => partitions[index]?.held() === false);
    assert.deepEqual(b.sink.queues, [], "it is not drained yet");
    assert.equal(partitions[moved]?.lost(), false, "what runs may go on until it is drained");
    a.delivery(`${moved}-0`).ack();
    draining.resolve();
    await stage.delivered(b.sink, 1);
    assert.deepEqual(b.sink.texts, [`${moved}-1`], "what was settled while it was drained is settled");
    assert.equal(partitions[moved]?.lost(), true);
    a.delivery(`${moved}-1`).ack();
    await b.subscription.close();
    const c = await stage.join(await stage.participant());
    await stage.delivered(c.sink, 1);
    assert.ok(c.sink.texts.includes(`${moved}-1`), "what a past owner says afterwards does not count");
  });
}

function sharing(test: TransportTest): void {
  test("lets every member take from every queue, each message going to one of them", async (stage) => {
    const maker = await stage.maker(4);
    const queues = await maker.transport.queues(stage.topic);
    const a = await stage.join(maker);
    const b = await stage.join(await stage.participant());
    assert.deepEqual([a.sink.queues, b.sink.queues], [[0, 1, 2, 3], [0, 1, 2, 3]]);
    for (const queue of queues) {
      await stage.send(maker, queue, ...Array.from({ length: 10 }, (_, index) => `${queue.id}-${index}`));
    }
    await stage.until(() => a.sink.deliveries.length + b.sink.deliveries.length === 40, "all messages");
    assert.equal(new Set([...a.sink.texts, ...b.sink.texts]).size, 40);
    assert.ok(a.sink.deliveries.length > 0 && b.sink.deliveries.length > 0);
    for (const { deliveries } of [a.sink, b.sink]) for (const delivery of deliveries) delivery.ack();
    await b.subscription.close();
    assert.deepEqual([a.sink.queues, b.sink.queues], [[0, 1, 2, 3], []]);
    assert.deepEqual(a.sink.steps.length, 4, "nobody else notices");
    for (const queue of queues) await stage.send(maker, queue, "last");
    await stage.until(() => a.sink.texts.filter((text) => text === "last").length === 4, "what comes later");
  });
}

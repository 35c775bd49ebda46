import assert from "node:assert/strict";
import { RecordingSink } from "../helpers/recording_sink.ts";
import type { TransportTest } from "./transport_stage.ts";

/** What reaches a member: order, demand, damaged and plain messages. */
export function deliveryTests(test: TransportTest): void {
  order(test);
  demand(test);
  damaged(test);
  plainRequests(test);
}

function order(test: TransportTest): void {
  test("delivers each queue in its order, with what the broker knows of each message", async (stage) => {
    const maker = await stage.maker();
    const queues = await maker.transport.queues(stage.topic);
    const since = Date.now();
    const { sink } = await stage.join(maker);
    const texts = Array.from({ length: 200 }, (_, index) => String(index));
    await Promise.all(queues.map((queue) => stage.send(maker, queue, ...texts)));
    await stage.delivered(sink, 400);
    for (const { id } of queues) {
      const deliveries = sink.deliveries.filter(({ queue }) => queue.id === id);
      const received = deliveries.map(({ message }) => new TextDecoder().decode(message.body));
      if (stage.under.choosesQueues) {
        assert.deepEqual(deliveries.map(({ offset }) => offset), [...texts.keys()]);
        assert.deepEqual(received, texts);
      } else assert.deepEqual(new Set(received), new Set(texts));
      assert.ok(deliveries.every(({ starts }) => starts === 0));
      // One machine, so one clock.
      assert.ok(
        deliveries.every(({ storedAtMs }) => storedAtMs >= since - 1 && storedAtMs <= Date.now() + 1),
      );
    }
  });
}

function demand(test: TransportTest): void {
  test("delivers nothing before it is asked to, and never more than it was asked for last", async (stage) => {
    const maker = await stage.maker();
    const first = await stage.queue(maker, 0);
    const second = await stage.queue(maker, 1);
    const sink = new RecordingSink(0);
    await stage.join(maker, sink);
    await stage.until(() => sink.queues.length === 2, "both queues");
    await stage.send(maker, first, "1", "2", "3", "4", "5", "6");
    // Whatever may come of the first queue has come when something of the second has.
    const fence = async (count: number) => {
      await stage.send(maker, second, "fence");
      sink.partition(second).demand(1);
      await stage.delivered(sink, count);
    };
    await fence(1);
    assert.deepEqual(sink.texts, ["fence"]);
    sink.partition(first).demand(4);
    sink.partition(first).demand(2);
    await stage.delivered(sink, 3);
    await fence(4);
    assert.deepEqual(sink.texts.map((text) => text === "fence"), [true, false, false, true]);
    sink.partition(first).demand(0);
    await fence(5);
    assert.equal(sink.deliveries.length, 5);
    sink.partition(first).demand(3);
    await stage.delivered(sink, 8);
    await fence(9);
    const rest = sink.texts.filter((text) => text !== "fence");
    if (stage.under.choosesQueues) assert.deepEqual(rest, ["1", "2", "3", "4", "5"]);
    else assert.equal(new Set(rest).size, 5);
  });

  test("delivers what was stored before anybody consumed, from the first message on", async (stage) => {
    const maker = await stage.maker();
    await stage.send(maker, await stage.queue(maker), "1", "2");
    const { sink } = await stage.join(await stage.participant());
    await stage.delivered(sink, 2);
    assert.deepEqual([...sink.texts].sort(), ["1", "2"]);
  });
}

function damaged(test: TransportTest): void {
  test("hands out a message that cannot be read as damaged, and its neighbours whole", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    await stage.send(maker, queue, "before");
    await stage.fixture.storeDamaged(queue);
    await stage.send(maker, queue, "after");
    const first = await stage.join(maker);
    await stage.delivered(first.sink, 3);
    const [before, after] = [first.sink.delivery("before"), first.sink.delivery("after")];
    const damaged = first.sink.deliveries.find((delivery) => delivery !== before && delivery !== after);
    assert.ok(damaged);
    assert.deepEqual([before.message.damaged, after.message.damaged], [undefined, undefined]);
    assert.ok(damaged.message.damaged !== undefined && damaged.message.damaged.length > 0);
    assert.ok(damaged.message.body.length > 0, "a placeholder");
    assert.deepEqual({ ...damaged.queue }, { ...queue });
    if (stage.under.choosesQueues) assert.equal(damaged.offset, 1);
    for (const delivery of first.sink.deliveries) delivery.ack();
    await first.subscription.close();
    await stage.send(maker, queue, "last");
    const second = await stage.join(maker);
    await stage.delivered(second.sink, 1);
    assert.deepEqual(second.sink.texts, ["last"], "it is settled as any other");
  });
}

function plainRequests(test: TransportTest): void {
  test("carries a plain request, and its answer to whoever asked", async (stage) => {
    const maker = await stage.maker();
    const asker = await stage.participant();
    const { sink } = await stage.join(maker);
    const plain = { correlationId: "c-1", ttlMs: 4_000 };
    await asker.transport.send(stage.message("ask", { plain }), { queue: await stage.queue(asker) });
    await stage.delivered(sink, 1);
    const near = sink.delivery("ask");
    assert.equal(near.message.plain?.correlationId, "c-1");
    assert.equal(near.message.plain.ttlMs, 4_000);
    const { replyTo } = near.message.plain;
    assert.ok(replyTo !== undefined);
    const answer = stage.message("answer", { plain });
    await maker.transport.sendTo(replyTo, answer, { near });
    await stage.until(() => asker.heard.length === 1, "the answer");
    assert.equal(asker.heard[0]?.plain?.correlationId, "c-1");
    assert.equal(new TextDecoder().decode(asker.heard[0].body), "answer");
  });
}

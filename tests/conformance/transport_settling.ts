import assert from "node:assert/strict";
import { assertFails, turns } from "../helpers/settled.ts";
import { RecordingSink } from "../helpers/recording_sink.ts";
import type { TransportTest, TransportUnderTest } from "./transport_stage.ts";

/** One moment as two machines may see it, in milliseconds: clocks differ, and what is delivered again may be stored again. */
const SAME_TIME_MS = 3_000;

/** Acknowledgements, starts, and who gets what was not settled. */
export function settlingTests(
  test: TransportTest,
  { ownership, choosesQueues }: TransportUnderTest,
): void {
  if (ownership === "offset") {
    offsets(test);
    marks(test);
  } else {
    messages(test);
    redelivery(test);
    if (choosesQueues) messageGroups(test);
    else orderedTopics(test);
  }
}

function offsets(test: TransportTest): void {
  test("goes on after the last message of a settled beginning, whoever has the queue next", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    await stage.send(maker, queue, "0", "1", "2", "3", "4");
    const first = await stage.join(maker);
    await stage.delivered(first.sink, 5);
    for (const text of ["0", "1", "3"]) first.sink.delivery(text).ack();
    await first.subscription.close();
    const second = await stage.join(await stage.participant());
    await stage.delivered(second.sink, 3);
    assert.deepEqual(second.sink.texts, ["2", "3", "4"]);
    assert.deepEqual(second.sink.deliveries.map(({ offset }) => offset), [2, 3, 4]);
    for (const delivery of second.sink.deliveries) delivery.ack();
    await second.subscription.close();
    await stage.send(maker, queue, "5");
    const third = await stage.join(maker);
    await stage.delivered(third.sink, 1);
    assert.deepEqual(third.sink.texts, ["5"]);
  });

  test("knows how many messages of a queue are not settled, those that nobody has received among them", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    await stage.send(maker, queue, "0", "1", "2", "3", "4");
    const { sink } = await stage.join(maker, new RecordingSink(2));
    await stage.delivered(sink, 2);
    const partition = sink.partition(queue);
    if (partition.lag === undefined) return;
    assert.equal(partition.lag(), 5);
    sink.delivery("1").ack();
    assert.equal(partition.lag(), 5);
    sink.delivery("0").ack();
    assert.equal(partition.lag(), 3);
  });

  test("has no way to give a single message back", async (stage) => {
    const maker = await stage.maker();
    await stage.send(maker, await stage.queue(maker), "0");
    const { sink } = await stage.join(maker);
    await stage.delivered(sink, 1);
    assert.equal(sink.delivery("0").retryLater, undefined);
  });
}

function marks(test: TransportTest): void {
  test("counts how often earlier owners started a message, three times at most", async (stage) => {
    const maker = await stage.maker();
    await stage.send(maker, await stage.queue(maker), "0", "1", "2");
    for (const starts of [0, 1, 2, 3, 3]) {
      const { sink, subscription } = await stage.join(await stage.participant());
      await stage.delivered(sink, 3);
      assert.deepEqual(sink.deliveries.map((delivery) => delivery.starts), [starts, starts, 0]);
      await Promise.all([sink.delivery("0").started(), sink.delivery("1").started()]);
      await subscription.close();
    }
  });

  test("records a start only once every earlier message has started or is settled", async (stage) => {
    const maker = await stage.maker();
    await stage.send(maker, await stage.queue(maker), "0", "1", "2");
    const { sink } = await stage.join(maker);
    await stage.delivered(sink, 3);
    let recorded = false;
    const start = sink.delivery("2").started();
    assert.equal(sink.delivery("2").started(), start, "asking again returns the same promise");
    void start.then(() => recorded = true);
    const before = sink.delivery("1").started();
    await turns(20);
    assert.ok(!recorded);
    sink.delivery("0").ack();
    await Promise.all([before, start]);
  });

  test("records no start of a queue that is lost, and delivers what was not settled again", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    await stage.send(maker, queue, "0", "1", "2");
    const { sink } = await stage.join(maker);
    await stage.delivered(sink, 3);
    const partition = sink.partition(queue);
    assert.ok(partition.held() && !partition.lost());
    const [settled, started, waits] = sink.deliveries;
    assert.ok(settled && started && waits);
    settled.ack();
    const start = assertFails(waits.started(), "unavailable", "sent_unknown");
    stage.fixture.lose(maker);
    await stage.until(() => !partition.held(), "the queue is no longer held");
    assert.ok(partition.lost());
    await start;
    await stage.until(() => sink.steps.includes(`lost ${queue.broker}/${queue.id}`), "the loss");
    await assertFails(started.started(), "unavailable", "sent_unknown");
    await stage.delivered(sink, 5);
    assert.deepEqual(sink.texts, ["0", "1", "2", "1", "2"]);
    assert.notEqual(sink.partition(queue), partition);
    assert.ok(sink.partition(queue).held());
  });
}

function messages(test: TransportTest): void {
  test("settles message by message, and delivers the others to whoever takes them next", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    await stage.send(maker, queue, "0", "1", "2", "3", "4");
    const first = await stage.join(maker);
    await stage.delivered(first.sink, 5);
    assert.deepEqual(first.sink.deliveries.map(({ starts }) => starts), [0, 0, 0, 0, 0]);
    for (const text of ["0", "2", "4"]) first.sink.delivery(text).ack();
    await first.sink.delivery("1").started();
    await first.subscription.close();
    const second = await stage.join(await stage.participant());
    await stage.delivered(second.sink, 2);
    assert.deepEqual([...second.sink.texts].sort(), ["1", "3"]);
    assert.deepEqual(
      second.sink.deliveries.map(({ starts }) => starts),
      [1, 1],
      "each delivery counts as a start",
    );
  });

  test("delivers a message that is given back after the time it is told, with one more start", async (stage) => {
    const maker = await stage.maker();
    await stage.send(maker, await stage.queue(maker), "0");
    const { sink } = await stage.join(maker);
    await stage.delivered(sink, 1);
    const first = sink.delivery("0");
    assert.throws(() => first.retryLater?.(-1), RangeError);
    assert.throws(() => first.retryLater?.(NaN), RangeError);
    const since = performance.now();
    first.retryLater?.(200);
    first.ack();
    await stage.delivered(sink, 2);
    const tookMs = performance.now() - since;
    assert.ok(tookMs >= 200 && tookMs < 200 + stage.under.latenessMs, `it took ${tookMs} ms`);
    const second = sink.delivery("0");
    assert.deepEqual([first.starts, second.starts], [0, 1]);
    second.retryLater?.(0);
    await stage.delivered(sink, 3);
    sink.delivery("0").ack();
    assert.equal(sink.delivery("0").starts, 2);
  });
}

function redelivery(test: TransportTest): void {
  test("delivers what was not settled in time again, and takes no late word for it", async (stage) => {
    const maker = await stage.maker();
    await stage.send(maker, await stage.queue(maker), "in time", "late");
    const first = await stage.join(maker);
    await stage.delivered(first.sink, 2);
    first.sink.delivery("in time").ack();
    const late = first.sink.delivery("late");
    await stage.delivered(first.sink, 3);
    const again = first.sink.delivery("late");
    assert.notEqual(again, late);
    assert.deepEqual([late.starts, again.starts], [0, 1]);
    assert.ok(
      Math.abs(again.storedAtMs - late.storedAtMs) < SAME_TIME_MS,
      "its deadline counts from when it was sent",
    );
    late.ack();
    await stage.delivered(first.sink, 4);
    assert.equal(first.sink.delivery("late").starts, 2, "the late word settled nothing");
    first.sink.delivery("late").ack();
    await first.subscription.close();
    const second = await stage.join(maker);
    await stage.send(maker, await stage.queue(maker), "last");
    await stage.delivered(second.sink, 1);
    assert.deepEqual(second.sink.texts, ["last"]);
  });

  test("loses no partition, because it owns none", async (stage) => {
    const maker = await stage.maker();
    const { sink } = await stage.join(maker);
    assert.ok(!maker.transport.capabilities.ownedPartitions);
    stage.fixture.lose(maker);
    await stage.send(maker, await stage.queue(maker), "0");
    await stage.delivered(sink, 1);
    assert.ok(sink.partition(await stage.queue(maker)).held());
    assert.ok(!sink.steps.some((step) => step.startsWith("lost")));
  });
}

/** Where a topic has to be made for it, and a group that has a message on its way may hold up another. */
function orderedTopics(test: TransportTest): void {
  test("delivers messages of one group one at a time, in their order", async (stage) => {
    const maker = await stage.maker(2, true);
    assert.ok(maker.transport.capabilities.orderedKeys);
    const queue = await stage.queue(maker);
    const seen: string[] = [];
    const open = new Map<string, string>();
    const problems: string[] = [];
    const members = [new RecordingSink(), new RecordingSink()];
    for (const sink of members) {
      sink.onDelivery = (delivery) => {
        const text = new TextDecoder().decode(delivery.message.body);
        const group = text.slice(0, 1);
        if (open.has(group)) problems.push(`${text} came while ${open.get(group)} was not settled`);
        open.set(group, text);
        seen.push(text);
        setTimeout(() => {
          open.delete(group);
          if (text === "a1" && delivery.starts === 0) delivery.retryLater?.(50);
          else delivery.ack();
        }, 20);
      };
      await stage.join(await stage.participant(), sink);
    }
    const texts = ["a1", "a2", "b1", "a3", "free", "b2", "a4"];
    for (const text of texts) {
      const messageGroup = text === "free" ? undefined : text.slice(0, 1);
      await maker.transport.send(stage.message(text, { messageGroup }), { queue });
    }
    await stage.until(() => seen.length === 8 && open.size === 0, "all of them, and the first one twice");
    assert.deepEqual(problems, []);
    assert.deepEqual(seen.filter((text) => text.startsWith("a")), ["a1", "a1", "a2", "a3", "a4"]);
    assert.deepEqual(seen.filter((text) => text.startsWith("b")), ["b1", "b2"]);
  });
}

function messageGroups(test: TransportTest): void {
  test("delivers messages of one group one at a time, in their order, and others meanwhile", async (stage) => {
    const maker = await stage.maker();
    assert.ok(maker.transport.capabilities.orderedKeys);
    const queue = await stage.queue(maker);
    const members = [new RecordingSink(), new RecordingSink()];
    for (const sink of members) await stage.join(await stage.participant(), sink);
    for (const text of ["a1", "a2", "b1", "a3", "free", "b2"]) {
      const messageGroup = text === "free" ? undefined : text.slice(0, 1);
      await maker.transport.send(stage.message(text, { messageGroup }), { queue });
    }
    const find = (text: string) =>
      members.flatMap(({ deliveries }) => deliveries).findLast(({ message }) =>
        new TextDecoder().decode(message.body) === text
      );
    const count = () => members.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
    await stage.until(() => count() === 3, "one of each group");
    assert.ok(find("a1") && find("b1") && find("free"));
    find("a1")?.retryLater?.(0);
    await stage.until(() => count() === 4, "the first one again");
    assert.equal(find("a1")?.starts, 1, "those behind it wait");
    find("a1")?.ack();
    await stage.until(() => count() === 5, "the next one");
    assert.ok(find("a2"));
    find("a2")?.ack();
    find("b1")?.ack();
    await stage.until(() => count() === 7, "the last ones");
    assert.ok(find("a3") && find("b2"));
  });
}

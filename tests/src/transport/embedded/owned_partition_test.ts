import assert from "node:assert/strict";
import fc from "fast-check";
import { MESSAGES_PER_TURN } from "../../../../src/transport/embedded/defaults.ts";
import { OffsetGroup } from "../../../../src/transport/embedded/offset_group.ts";
import { EmbeddedStage, queueOf } from "../../../helpers/embedded_stage.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { assertFails, turns } from "../../../helpers/settled.ts";

Deno.test("OwnedPartition delivers in order and no more than was asked for", async () => {
  const stage = new EmbeddedStage(1);
  const sink = stage.join("a", new RecordingSink(2));
  stage.send(0, "1", "2", "3", "4");
  await turns();
  assert.deepEqual(sink.texts, ["1", "2"]);
  sink.partition(queueOf(0)).demand(1);
  await turns();
  assert.deepEqual(sink.texts, ["1", "2", "3"]);
  sink.partition(queueOf(0)).demand(5);
  sink.partition(queueOf(0)).demand(0);
  await turns();
  assert.equal(sink.texts.length, 3);
});

Deno.test("OwnedPartition lets others have their turn between many messages", async () => {
  const stage = new EmbeddedStage(2);
  const sink = stage.join("a");
  const texts = Array.from({ length: 3 * MESSAGES_PER_TURN }, (_, index) => String(index));
  stage.send(0, ...texts);
  stage.send(1, "other");
  await turns();
  assert.equal(sink.deliveries.length, texts.length + 1);
  assert.equal(sink.texts.indexOf("other"), MESSAGES_PER_TURN);
});

Deno.test("OwnedPartition delivers what is sent, and asked for, from within a delivery", async () => {
  const stage = new EmbeddedStage(1);
  const sink = new RecordingSink(1);
  sink.onDelivery = (delivery) => {
    if (sink.deliveries.length < 5) stage.send(0, String(sink.deliveries.length));
    delivery.ack();
    sink.partition(queueOf(0)).demand(1);
  };
  stage.join("a", sink);
  stage.send(0, "0");
  await turns();
  assert.deepEqual(sink.texts, ["0", "1", "2", "3", "4"]);
});

Deno.test("OwnedPartition records a start only once every earlier message has started or is settled", async () => {
  const stage = new EmbeddedStage(1);
  const sink = stage.join("a");
  stage.send(0, "1", "2", "3");
  await turns();
  let recorded = false;
  const start = sink.delivery("3").started();
  assert.equal(sink.delivery("3").started(), start, "asking again returns the same promise");
  void start.then(() => recorded = true);
  sink.delivery("1").ack();
  await turns();
  assert.ok(!recorded);
  await sink.delivery("2").started();
  await start;
  assert.ok(stage.group instanceof OffsetGroup);
  assert.equal(stage.group.state(0)?.marks[0], 3);
});

Deno.test("OwnedPartition records a start that waits when what is before it is settled without one", async () => {
  const stage = new EmbeddedStage(1);
  const sink = stage.join("a");
  stage.send(0, "1", "2", "3");
  await turns();
  const start = sink.delivery("3").started();
  await Promise.race([sink.delivery("2").started(), turns()]);
  sink.delivery("1").ack();
  await start;
});

Deno.test("OwnedPartition refuses a start that waits when the queue is lost, and every one after that", async () => {
  const stage = new EmbeddedStage(1);
  const sink = stage.join("a");
  stage.send(0, "1", "2");
  await turns();
  const [first, second] = sink.deliveries;
  const start = second?.started() ?? Promise.resolve();
  stage.group.lose("a", "forgotten");
  await assertFails(start, "unavailable", "sent_unknown");
  await assertFails(first?.started() ?? Promise.resolve(), "unavailable", "sent_unknown");
});

const MESSAGES = 12;

/** What one owner does before it dies: starts a beginning of what it gets, and settles some of that. */
const ownership = fc.record({
  started: fc.integer({ min: 0, max: MESSAGES }),
  settled: fc.array(fc.nat(MESSAGES - 1), { maxLength: MESSAGES }),
});

Deno.test("OwnedPartition leaves to its heirs exactly what is not settled, and how often it was started", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ownership, { minLength: 1, maxLength: 6 }), async (owners) => {
      const stage = new EmbeddedStage(1, { takeoverGraceMs: 0 });
      stage.send(0, ...range(0, MESSAGES).map(String));
      const starts = range(0, MESSAGES).map(() => 0);
      // Settled, but not at the beginning of the queue: it comes again, and may seem to be started more often.
      const forgotten = new Set<number>();
      let commit = 0;
      for (const [owner, { started, settled }] of owners.entries()) {
        const sink = stage.join(String(owner));
        await turns(1);
        assert.deepEqual(sink.deliveries.map(({ offset }) => offset), range(commit, MESSAGES));
        for (const delivery of sink.deliveries) {
          const { offset } = delivery;
          if (!forgotten.has(offset)) assert.equal(delivery.starts, Math.min(3, starts[offset] ?? 0));
          if (offset >= started) continue;
          await delivery.started();
          starts[offset] = (starts[offset] ?? 0) + 1;
        }
        for (const offset of settled) {
          sink.deliveries.find((delivery) => delivery.offset === offset)?.ack();
          forgotten.add(offset);
        }
        while (settled.includes(commit)) commit++;
        stage.group.kill(String(owner));
        stage.group.bury(String(owner));
      }
      stage.broker.close();
    }),
    { numRuns: 50 },
  );
});

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

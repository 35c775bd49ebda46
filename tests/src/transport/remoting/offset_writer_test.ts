import assert from "node:assert/strict";
import { OffsetWriter } from "../../../../src/transport/remoting/offset_writer.ts";

/** A broker whose answers the test gives one by one. */
function heldBroker(): {
  writes: number[];
  write: (offset: number) => Promise<void>;
  answer(error?: Error): Promise<void>;
} {
  const writes: number[] = [];
  const answers: ((error?: Error) => void)[] = [];
  return {
    writes,
    write: (offset) => {
      writes.push(offset);
      return new Promise((resolve, reject) =>
        answers.push((error) => error === undefined ? resolve() : reject(error))
      );
    },
    answer: async (error) => {
      answers.shift()?.(error);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    },
  };
}

const unexpected = (error: unknown): void => assert.fail(`unexpected failure: ${error}`);

Deno.test("OffsetWriter has one write unanswered at most, and then writes the newest value only", async () => {
  const broker = heldBroker();
  const writer = new OffsetWriter(0, broker.write, unexpected);
  for (const offset of [1, 2, 3, 4]) writer.advance(offset);
  assert.deepEqual(broker.writes, [1]);
  await broker.answer();
  assert.deepEqual(broker.writes, [1, 4]);
  assert.equal(writer.recorded, 1);
  await broker.answer();
  assert.deepEqual(broker.writes, [1, 4]);
  assert.equal(writer.recorded, 4);
});

Deno.test("OffsetWriter never writes a lower value than before", async () => {
  const broker = heldBroker();
  const writer = new OffsetWriter(10, broker.write, unexpected);
  writer.advance(5);
  writer.advance(10);
  assert.deepEqual(broker.writes, []);
  writer.noteRecorded(20);
  writer.advance(15);
  assert.deepEqual(broker.writes, []);
  writer.advance(21);
  assert.deepEqual(broker.writes, [21]);
  await broker.answer();
});

Deno.test("OffsetWriter reached() resolves once the broker has recorded at least that offset", async () => {
  const broker = heldBroker();
  const writer = new OffsetWriter(0, broker.write, unexpected);
  const order: string[] = [];
  const first = writer.reached(2).then(() => order.push("2"));
  const second = writer.reached(5).then(() => order.push("5"));
  assert.equal(writer.waiting, true);
  writer.advance(3);
  await broker.answer();
  await first;
  assert.deepEqual(order, ["2"]);
  writer.advance(5);
  await broker.answer();
  await second;
  assert.equal(writer.waiting, false);
  await writer.reached(4);
});

Deno.test("OffsetWriter that fails rejects who waits, reports once, and writes nothing more", async () => {
  const broker = heldBroker();
  const failures: unknown[] = [];
  const writer = new OffsetWriter(0, broker.write, (error) => failures.push(error));
  const waiting = assert.rejects(writer.reached(1), /no such group/);
  writer.advance(1);
  await broker.answer(new Error("no such group"));
  await waiting;
  writer.advance(2);
  await assert.rejects(writer.reached(2), /no such group/);
  assert.equal(failures.length, 1);
  assert.deepEqual(broker.writes, [1]);
});

Deno.test("OffsetWriter that is closed rejects who waits and does not report the write under way", async () => {
  const broker = heldBroker();
  const writer = new OffsetWriter(0, broker.write, unexpected);
  const waiting = assert.rejects(writer.reached(1), /lost/);
  writer.advance(1);
  writer.close(new Error("lost"));
  await waiting;
  await broker.answer(new Error("too late to matter"));
  assert.deepEqual(broker.writes, [1]);
});

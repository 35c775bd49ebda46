import assert from "node:assert/strict";
import { LATE_START_MS } from "../../../../src/transport/remoting/defaults.ts";
import { LateStarts } from "../../../../src/transport/remoting/late_starts.ts";
import { Progress, type ProgressEntry } from "../../../../src/transport/progress.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";

/** A queue with so many messages in hand, and the marks that were recorded of it. */
class Queue {
  readonly clock = new ManualClock();
  readonly #progress = new Progress(0);
  readonly entries: readonly ProgressEntry[];
  readonly recorded: number[] = [];
  readonly starts: LateStarts;

  constructor(messages: number) {
    this.entries = Array.from({ length: messages }, (_, offset) => this.#progress.add(offset, 0));
    this.starts = new LateStarts({
      commit: () => this.#progress.commit(),
      mark: () => this.#progress.mark(1),
      record: () => this.recorded.push(this.#progress.mark(1)),
    }, this.clock);
  }

  start(offset: number): void {
    const entry = this.entries[offset];
    assert.ok(entry);
    entry.started = true;
    this.starts.add(offset);
  }

  settle(offset: number): void {
    const entry = this.entries[offset];
    assert.ok(entry);
    entry.acked = true;
    this.starts.settled();
  }
}

Deno.test("LateStarts records nothing of what is settled in time", () => {
  const queue = new Queue(3);
  queue.start(0);
  queue.clock.advance(LATE_START_MS - 1);
  queue.settle(0);
  queue.clock.advance(5 * LATE_START_MS);
  assert.deepEqual(queue.recorded, []);
  assert.equal(queue.clock.timers, 0, "no timer is left");
});

Deno.test("LateStarts records what is still at work, and what was started meanwhile with it", () => {
  const queue = new Queue(3);
  queue.start(0);
  queue.clock.advance(LATE_START_MS - 1);
  queue.start(1);
  assert.deepEqual(queue.recorded, []);
  queue.clock.advance(1);
  assert.deepEqual(queue.recorded, [2]);
  assert.equal(queue.clock.timers, 0);
});

Deno.test("LateStarts records a start within twice its time, however early the one before it was settled", () => {
  const queue = new Queue(3);
  queue.start(0);
  queue.clock.advance(1);
  queue.start(1);
  queue.settle(0);
  queue.clock.advance(2 * LATE_START_MS - 1);
  assert.deepEqual(queue.recorded, [2]);
});

Deno.test("LateStarts goes on as long as messages come, without a record where each is settled in time", () => {
  const queue = new Queue(40);
  for (let offset = 0; offset < 40; offset++) {
    queue.start(offset);
    queue.clock.advance(LATE_START_MS / 4);
    queue.settle(offset);
  }
  queue.clock.advance(2 * LATE_START_MS);
  assert.deepEqual(queue.recorded, []);
  assert.equal(queue.clock.timers, 0);
});

Deno.test("LateStarts records a start behind one that has not begun as soon as that one is settled", () => {
  const queue = new Queue(3);
  queue.start(1);
  queue.clock.advance(LATE_START_MS);
  assert.deepEqual(queue.recorded, [0], "a record covers a prefix of the queue");
  assert.equal(queue.clock.timers, 0, "nothing is asked again and again");
  queue.settle(0);
  assert.deepEqual(queue.recorded, [0, 2]);
  queue.settle(2);
  assert.deepEqual(queue.recorded, [0, 2], "and not again");
});

Deno.test("LateStarts records nothing once it is closed", () => {
  const queue = new Queue(3);
  queue.start(0);
  queue.starts.close();
  queue.clock.advance(LATE_START_MS);
  queue.start(1);
  queue.settle(0);
  queue.clock.advance(LATE_START_MS);
  assert.deepEqual(queue.recorded, []);
  assert.equal(queue.clock.timers, 0);
});

import assert from "node:assert/strict";
import { RpcError } from "../../../../src/errors/rpc_error.ts";
import { Retention, type RetentionLimits } from "../../../../src/transport/embedded/retention.ts";
import { StoredMessage } from "../../../../src/transport/embedded/stored_message.ts";
import { StoredQueue } from "../../../../src/transport/embedded/stored_queue.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";

/** A retention with one queue to put messages into. */
class Shelf {
  readonly clock = new ManualClock();
  readonly dropped: number[] = [];
  readonly retention: Retention;
  readonly queue = new StoredQueue("t", 0);

  constructor(limits: Partial<RetentionLimits>) {
    const all = { messages: 10, bytes: 1_000, settledMs: 1_000, ...limits };
    this.retention = new Retention(all, () => this.clock, ({ offset }) => this.dropped.push(offset));
  }

  /** Stores one message for a group. */
  store(bytes = 10): StoredMessage {
    this.retention.reserve(bytes);
    const stored = this.#message(bytes);
    this.queue.unsettled.append(stored);
    return stored;
  }

  /** Stores one message that nobody consumes. */
  storeUnconsumed(bytes = 10): void {
    this.retention.reserveUnconsumed(bytes);
    this.retention.keep(this.#message(bytes), this.retention.now());
  }

  settle(stored: StoredMessage): void {
    this.retention.settle(stored, this.retention.now());
  }

  #message(bytes: number): StoredMessage {
    const message = { topic: "t", tag: "", keys: [], headers: [], body: new Uint8Array(1) };
    const stored = new StoredMessage(message, this.queue, 0, bytes, 1);
    this.queue.end++;
    return stored;
  }
}

const FULL = (error: unknown): boolean =>
  error instanceof RpcError && error.code === "resource_exhausted" && error.outcome === "not_sent";

Deno.test("Retention refuses and counts what unsettled messages leave no room for, by number and by size", () => {
  const byNumber = new Shelf({ messages: 3 });
  const [first] = [byNumber.store(), byNumber.store(), byNumber.store()];
  assert.throws(() => byNumber.store(), FULL);
  assert.throws(() => byNumber.store(), FULL);
  assert.deepEqual([byNumber.retention.refused, byNumber.retention.messages, byNumber.dropped], [2, 3, []]);
  byNumber.settle(first);
  byNumber.store();
  assert.deepEqual(byNumber.dropped, [0], "the settled one made room");
  const bySize = new Shelf({ bytes: 100 });
  bySize.store(60);
  assert.throws(() => bySize.store(41), FULL);
  bySize.store(40);
  assert.equal(bySize.retention.bytes, 100);
});

Deno.test("Retention drops nothing for a message that it refuses anyway", () => {
  const shelf = new Shelf({ messages: 3, bytes: 100 });
  shelf.settle(shelf.store(10));
  shelf.store(10);
  assert.throws(() => shelf.store(95), FULL);
  assert.deepEqual(shelf.dropped, []);
});

Deno.test("Retention drops settled messages in the order in which they were settled", () => {
  const shelf = new Shelf({ messages: 4 });
  const stored = [0, 1, 2, 3].map(() => shelf.store());
  for (const index of [2, 0, 1]) {
    const message = stored[index];
    if (message !== undefined) shelf.settle(message);
  }
  shelf.store();
  shelf.store();
  assert.deepEqual(shelf.dropped, [2, 0]);
  assert.deepEqual([...shelf.retention.settled()].map(({ offset }) => offset), [1]);
  assert.deepEqual([...shelf.queue.unsettled].map(({ offset }) => offset), [3, 4, 5]);
});

Deno.test("Retention drops what was settled long enough ago, with the next thing that happens, and holds no timer", () => {
  const shelf = new Shelf({ settledMs: 1_000 });
  shelf.settle(shelf.store());
  shelf.clock.advance(600);
  shelf.settle(shelf.store());
  shelf.clock.advance(399);
  assert.equal([...shelf.retention.settled()].length, 2);
  shelf.clock.advance(1);
  assert.deepEqual([...shelf.retention.settled()].map(({ offset }) => offset), [1]);
  shelf.clock.advance(600);
  shelf.settle(shelf.store());
  assert.deepEqual([shelf.dropped, shelf.retention.messages, shelf.clock.timers], [[0, 1], 1, 0]);
});

Deno.test("Retention keeps room for what nobody settles, a tenth of its bounds, and the newest of it", () => {
  const shelf = new Shelf({ messages: 20 });
  for (let count = 0; count < 20; count++) shelf.store();
  for (let count = 0; count < 5; count++) shelf.storeUnconsumed();
  assert.deepEqual([...shelf.retention.settled()].map(({ offset }) => offset), [23, 24]);
  assert.equal(shelf.retention.messages, 22);
  assert.throws(() => shelf.store(), FULL);
  const empty = new Shelf({ messages: 20 });
  for (let count = 0; count < 25; count++) empty.storeUnconsumed();
  assert.equal(empty.retention.messages, 20, "with nothing else to keep it may take everything");
  empty.store();
  assert.equal(empty.retention.messages, 20);
});

Deno.test("Retention reopens a settled message for a group that comes late", () => {
  const shelf = new Shelf({});
  const stored = shelf.store();
  shelf.settle(stored);
  shelf.retention.reopen(stored);
  assert.deepEqual([[...shelf.retention.settled()], shelf.queue.unsettled.first], [[], stored]);
  shelf.clock.advance(2_000);
  assert.deepEqual([...shelf.retention.settled()], []);
  assert.deepEqual(shelf.dropped, []);
  shelf.settle(stored);
  assert.equal([...shelf.retention.settled()].length, 1);
});

Deno.test("Retention clear() forgets everything", () => {
  const shelf = new Shelf({});
  shelf.settle(shelf.store());
  shelf.store();
  shelf.retention.clear();
  assert.deepEqual([shelf.retention.messages, shelf.retention.bytes, [...shelf.retention.settled()]], [
    0,
    0,
    [],
  ]);
});

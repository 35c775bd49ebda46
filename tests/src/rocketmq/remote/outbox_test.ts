import assert from "node:assert/strict";
import { afterOthers } from "../../../../src/async/event_loop.ts";
import { Outbox, type WriteTime } from "../../../../src/rocketmq/remote/outbox.ts";
import { turns } from "../../../helpers/settled.ts";

class Fixture {
  /** What was written, and when: the sizes of the writes. */
  readonly writes: number[] = [];
  readonly outbox: Outbox;

  constructor(when?: WriteTime) {
    const write = (bytes: Uint8Array) => {
      this.writes.push(bytes.length);
      return Promise.resolve(bytes.length);
    };
    const socket = { write, read: () => Promise.resolve(null), close: () => {} };
    this.outbox = new Outbox(socket, (error) => assert.fail(String(error)), undefined, when);
  }

  /** Queues a frame; returns its size. */
  append(code: number): number {
    const { start, end } = this.outbox.append({ code, flag: 0, opaque: code, fields: {} });
    return end - start;
  }
}

Deno.test("Outbox writes what one piece of code has queued at once, and together", async () => {
  const at = new Fixture();
  const size = at.append(1) + at.append(2);
  await Promise.resolve();
  assert.deepEqual(at.writes, [size]);
  await turns();
});

Deno.test("Outbox that writes last lets the turn of the event loop come to its end first", async () => {
  const at = new Fixture("last");
  let size = at.append(1);
  for (let hop = 0; hop < 20; hop++) await Promise.resolve();
  assert.deepEqual(at.writes, []);
  size += at.append(2);
  const seen: number[][] = [];
  afterOthers(() => seen.push([...at.writes]));
  await turns();
  assert.deepEqual([at.writes, seen], [[size], [[size]]]);
  const later = at.append(3);
  await turns();
  assert.deepEqual(at.writes, [size, later]);
});

import assert from "node:assert/strict";
import { partKey } from "../../../src/envelope/item.ts";
import { assertFails, turns } from "../../helpers/settled.ts";
import { end, item, read, StreamCallFixture } from "../../helpers/stream_call_fixture.ts";

Deno.test("StreamCall drops what comes twice, and waits two seconds for what is missing", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive([item(1), item(2)]);
  at.arrive([item(2)]);
  at.arrive([item(5), item(4)]);
  const stream = await at.stream();
  assert.deepEqual(await read(stream, 2), [1, 2]);
  await at.pass(1_500);
  at.arrive([item(3)]);
  assert.deepEqual(await read(stream, 3), [3, 4, 5]);
  at.arrive([item(7)]);
  await at.pass(1_500);
  assert.equal(at.caller.pending.size, 1);
  await at.pass(1_000);
  await assertFails(stream.next(), "data_loss", "sent_unknown");
  assert.deepEqual(at.told.at(-1), "cancel");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("StreamCall looks up what is missing, message after message", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive([item(1)]);
  const stored = new Map([[2, [item(2), item(3)]], [4, [item(4)]], [6, [end(6)]]]);
  at.transport.onStoredReplies = (key) => {
    for (const [seq, parts] of stored) {
      if (key === partKey(at.id, seq)) return Promise.resolve([at.message(parts)]);
    }
    return Promise.resolve([]);
  };
  at.arrive([item(5)]);
  await turns(10);
  const stream = await at.stream();
  assert.deepEqual(await read(stream, 5), [1, 2, 3, 4, 5]);
  // The end has passed it by too: the producer says that it was sent.
  at.pong(6);
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});

Deno.test("StreamCall looks up what it may have missed while its connection was down", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive([item(1)]);
  at.transport.onStoredReplies = (key) =>
    Promise.resolve(key === partKey(at.id, 2) ? [at.message([item(2), end(3)])] : []);
  at.transport.missed();
  await turns(10);
  const stream = await at.stream();
  assert.deepEqual(await read(stream, 2), [1, 2]);
  assert.equal((await stream.next()).done, true);
});

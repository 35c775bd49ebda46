import assert from "node:assert/strict";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { failureOf, turns } from "../../helpers/settled.ts";
import { end, Feed, item, items, read, StreamCallFixture } from "../../helpers/stream_call_fixture.ts";

Deno.test("StreamCall asks alone, with its credit, and gives what comes in order until its end", async () => {
  const at = new StreamCallFixture();
  await at.open();
  assert.deepEqual(at.sent[0]?.request.credit, { items: 64, bytes: 1_048_576 });
  at.arrive(items(1, 2));
  const stream = await at.stream();
  assert.deepEqual(await read(stream, 2), [1, 2]);
  const waiting = [stream.next(), stream.next(), stream.next()];
  at.arrive([item(3), end(4)]);
  assert.deepEqual((await Promise.all(waiting)).map(({ value, done }) => value ?? done), [3, true, true]);
  assert.deepEqual(at.told, []);
  await at.pass(60_000);
  assert.deepEqual([at.clean, at.caller.streams.size], [[0, 0, 0], 0]);
});

Deno.test("StreamCall is packed with nothing, with a key or without", async () => {
  const keyed = defineService("test.Keyed", {
    read: method.stream<string, number>({ key: (input) => input }),
    call: method<string, number>({ key: (input) => input }),
  });
  const at = new StreamCallFixture();
  for (const name of ["read", "read", "call", "call"]) {
    void at.call(keyed, name, "k");
    void at.call(Feed, "read");
  }
  await turns(10);
  for (const { message } of at.transport.sent) {
    if (message.tag === "read") assert.equal(message.headers.get(HEADER.kind), "request");
  }
  assert.equal(at.sent.length, 8);
  at.caller.close("done");
});

Deno.test("StreamCall gives credit for what was read, by items and by bytes, and not for what waits", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive(items(1, 64));
  const stream = await at.stream();
  await read(stream, 31);
  assert.deepEqual(at.told, []);
  await read(stream, 1);
  await turns();
  await read(stream, 31);
  assert.deepEqual(at.told, ["credit 32"]);
  await read(stream, 1);
  assert.deepEqual(at.told, ["credit 32", "credit 64"]);
  at.arrive([item(65, 400_000), item(66, 400_000)]);
  await turns();
  await read(stream, 1);
  assert.equal(at.told.length, 2);
  await read(stream, 1);
  assert.deepEqual(at.told.at(-1), "credit 66");
});

Deno.test("StreamCall ends when more comes than was granted", async () => {
  const at = new StreamCallFixture();
  await at.open();
  for (let from = 1; from < 400; from += 50) at.arrive(items(from, from + 49));
  const stream = await at.stream();
  let count = 0;
  const failure = await failureOf((async () => {
    while (!(await stream.next()).done) count++;
  })());
  assert.deepEqual([failure.code, count <= 256, at.told.at(-1)], ["data_loss", true, "cancel"]);
});

import assert from "node:assert/strict";
import { defineEntity, defineService, method, RpcError, type } from "rocket-actors";
import { testClient } from "rocket-actors/testing";
import { assertFails, until } from "../helpers/settled.ts";

const Feed = defineService("test.Feed", {
  count: method.stream<number, { n: number }, { Bust: { at: number } }>({ errors: { Bust: type() } }),
});

Deno.test("testClient reads a stream to its end, and its handler is no further ahead than its credit", async () => {
  let made = 0;
  await using client = testClient(Feed, {
    async *count(to) {
      for (let n = 1; n <= to; n++) yield { n: made = n };
    },
  });
  const stream = client.count(500);
  assert.deepEqual(await stream.next(), { done: false, value: { n: 1 } });
  await until(() => made >= 64);
  assert.ok(made <= 66, `${made} items were made though one was read`);
  const rest = [];
  for await (const { n } of stream) rest.push(n);
  assert.deepEqual([rest.length, rest.at(-1)], [499, 500]);
});

Deno.test("testClient ends a stream with its declared error, behind its items", async () => {
  await using client = testClient(Feed, {
    *count(to, ctx) {
      yield { n: 1 };
      throw ctx.error("Bust", { at: to });
    },
  });
  const stream = client.count(7);
  assert.deepEqual(await stream.next(), { done: false, value: { n: 1 } });
  const failure = RpcError.from(await stream.next().catch((error) => error));
  assert.ok(failure.is(Feed, "Bust"));
  assert.deepEqual(failure.details, { at: 7 });
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});

Deno.test("testClient stops the handler of a stream that is not read any more", async () => {
  let stopped = false;
  await using client = testClient(Feed, {
    async *count() {
      try {
        for (let n = 1;; n++) yield { n };
      } finally {
        stopped = true;
      }
    },
  });
  for await (const { n } of client.count(0)) if (n === 3) break;
  await until(() => stopped);
});

Deno.test("testClient fails a stream whose item cannot travel with internal, and one that crashes too", async () => {
  await using client = testClient(Feed, {
    async *count(kind) {
      yield { n: 1 };
      if (kind === 1) throw new Error("a secret");
      yield { n: Symbol("no") as never };
    },
  });
  for (const [kind, outcome] of [[1, "replied"], [2, "executed_reply_lost"]] as const) {
    const stream = client.count(kind);
    await stream.next();
    await assertFails(stream.next(), "internal", outcome);
  }
});

Deno.test("testClient streams from an entity", async () => {
  const Log = defineEntity("test.Log", { lines: method.stream<void, string>() });
  await using client = testClient(Log, (key) => ({
    *lines() {
      yield* [`${key} 1`, `${key} 2`];
    },
  }));
  const lines = [];
  for await (const line of client.at("a").lines()) lines.push(line);
  assert.deepEqual(lines, ["a 1", "a 2"]);
});

Deno.test("testClient runs the handler of an idempotent stream again only as long as nothing came of it", async () => {
  const Again = defineService("test.Again", { read: method.stream<number, number>({ idempotent: true }) });
  let runs = 0;
  await using client = testClient(Again, {
    *read(items) {
      runs++;
      for (let n = 1; n <= items; n++) yield n;
      throw new Error("as it always does");
    },
  });
  await assertFails(client.read(0).next(), "internal", "replied");
  assert.equal(runs, 3);
  const stream = client.read(1);
  await stream.next();
  await assertFails(stream.next(), "internal", "replied");
  assert.equal(runs, 4);
});

Deno.test("testClient ends a stream that asks for another attempt behind its first item, as a system does", async () => {
  let runs = 0;
  await using client = testClient(Feed, {
    *count(_to, ctx) {
      yield { n: ++runs };
      throw ctx.retryAfter(10);
    },
  });
  const stream = client.count(0);
  assert.deepEqual(await stream.next(), { done: false, value: { n: 1 } });
  await assertFails(stream.next(), "unavailable", "replied");
  assert.equal(runs, 1);
});

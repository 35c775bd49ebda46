import assert from "node:assert/strict";
import { until } from "../helpers/settled.ts";
import type { CallTest } from "./call_suite.ts";
import { allOf, brokenOff, counted, Numbers, Streaming } from "./stream_stage.ts";

/** What reading a stream gives, and how fast it is made. */
export function readingTests(test: CallTest): void {
  test("that is a stream gives all items in order, several streams and calls at once", async (fixture) => {
    await using at = await Streaming.start(fixture, async function* (to) {
      for (const n of counted(Number(to))) yield n % 10 === 0 ? await Promise.resolve(n) : n;
    });
    const lengths = [0, 1, 64, 65, 300];
    const [read, echoed] = await Promise.all([
      Promise.all(lengths.map((length) => allOf(at.client.read(length)))),
      Promise.all(lengths.map((length) => at.client.echo(length))),
    ]);
    assert.deepEqual([read, echoed], [lengths.map(counted), lengths]);
    assert.equal(at.caller.pending, 0);
    await until(() => at.server.services()[0]?.unsettled === 0);
  });

  test("that is a stream is made no faster than it is read, by items and by bytes", async (fixture) => {
    const numbers = new Numbers();
    const large = new Numbers();
    await using at = await Streaming.start(fixture, async function* (kind) {
      if (kind === "items") return yield* numbers.upTo(400);
      for await (const n of large.upTo(20)) yield String(n).padStart(200_000);
    });
    const small = at.client.read("items");
    const texts = at.client.read("bytes");
    await Promise.all([small.next(), texts.next()]);
    await until(() => numbers.made >= 64 && large.made >= 6);
    // What is on its way may not be here yet; more than the credit never comes.
    assert.deepEqual(await at.client.echo("beside"), "beside");
    assert.ok(numbers.made <= 66 && large.made <= 8, `${numbers.made} and ${large.made} were made`);
    assert.equal((await allOf(small)).length, 399);
    assert.deepEqual(
      (await allOf(texts)).map((text) => String(text).trim()),
      counted(20).slice(1).map(String),
    );
  });

  test("that is a stream brings what the item's schema made, up to an item that it refuses", async (fixture) => {
    await using at = await Streaming.start(fixture, () => []);
    const [items, failure] = await brokenOff(at.client.capital(1));
    assert.deepEqual(items, ["ONE", "BAD"]);
    assert.deepEqual([failure.code, failure.outcome], ["internal", "executed_reply_lost"]);
    assert.match(failure.message, /item/);
  });
}

import assert from "node:assert/strict";
import { decodeMessages } from "../../../../src/rocketmq/client/message.ts";
import { filterByTags, parseTags, tagHash } from "../../../../src/rocketmq/client/tags.ts";
import { storedRecord } from "./stored_record.ts";

Deno.test("tagHash() is Java's String.hashCode", () => {
  assert.deepEqual(["TagA", "TagB", "order.created", ""].map(tagHash), [
    2_598_919,
    2_598_920,
    1_350_101_064,
    0,
  ]);
  assert.equal(tagHash("polygenelubricants"), -2_147_483_648);
  assert.equal(tagHash("Aa"), tagHash("BB"));
});

Deno.test("parseTags() splits at ||, trims, and takes * for everything", () => {
  assert.deepEqual(parseTags("a || b||c"), ["a", "b", "c"]);
  for (const all of ["*", " * ", "", "||"]) assert.deepEqual(parseTags(all), []);
});

Deno.test("filterByTags() drops strangers with the same hash, and messages without a tag", () => {
  const bytes = ["Aa", "BB", ""].flatMap((
    tag,
  ) => [...storedRecord({ properties: `TAGS\u0001${tag}\u0002` })]);
  const messages = decodeMessages(Uint8Array.from(bytes));
  assert.deepEqual(filterByTags(messages, "BB").map(({ properties }) => properties.get("TAGS")), ["BB"]);
  assert.equal(filterByTags(messages, "*").length, 3);
});

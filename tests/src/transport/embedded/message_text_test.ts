import assert from "node:assert/strict";
import fc from "fast-check";
import type { MessageRow } from "../../../../src/transport/embedded/broker_file.ts";
import type { KeptMessage } from "../../../../src/transport/embedded/message_copy.ts";
import { checksumOf, headOf, messageOf } from "../../../../src/transport/embedded/message_text.ts";

function rowOf(message: KeptMessage): MessageRow {
  const head = headOf(message);
  const { body } = message;
  const rest = { id: 1, topic: 1, queue: 0, place: 0, storedAt: 0, bytes: 0, starts: 0, settledAt: null };
  return { ...rest, head, body, checksum: checksumOf(head, body) };
}

const text = fc.string({ unit: "binary" });
const plainObjects = { noNullPrototype: true } as const;
const messages: fc.Arbitrary<KeptMessage> = fc.record({
  topic: fc.constant("t"),
  tag: text,
  keys: fc.array(text),
  headers: fc.array(text),
  body: fc.uint8Array({ minLength: 1 }),
  messageGroup: fc.option(text, { nil: undefined }),
  plain: fc.option(fc.record({ correlationId: text, ttlMs: fc.nat() }, plainObjects), { nil: undefined }),
}, plainObjects);

Deno.test("messageOf() gives back what headOf() was given, whatever its letters", () => {
  fc.assert(fc.property(messages, (message) => {
    assert.deepEqual(messageOf(rowOf(message), "t"), message);
  }));
});

Deno.test("messageOf() marks what the disk has changed as damaged, and says nothing of it", () => {
  const row = rowOf({ topic: "t", tag: "run", keys: ["k"], headers: ["a", "b"], body: Uint8Array.of(1, 2) });
  for (const changed of [{ body: Uint8Array.of(1, 3) }, { head: row.head.replace("k", "l") }, { head: "" }]) {
    const { tag, keys, headers, body, damaged } = messageOf({ ...row, ...changed }, "t");
    assert.deepEqual([tag, keys, headers, body.length], ["", [], [], 1]);
    assert.match(damaged ?? "", /damaged/);
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { messageGroupOf } from "../../../src/client/message_group.ts";

Deno.test("messageGroupOf() is the key as it travels, where it is short", () => {
  assert.equal(messageGroupOf("acc-1"), "acc-1");
  assert.equal(messageGroupOf("Bänk 1%"), "B%C3%A4nk%201%25");
  assert.equal(messageGroupOf("x".repeat(63)), "x".repeat(63));
});

Deno.test("messageGroupOf() is below 64 characters that brokers take, and tells long keys apart", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 255 }), (key) => {
    assert.match(messageGroupOf(key), /^[\x21-\x7e]{1,63}$/);
  }));
  const long = "x".repeat(200);
  assert.match(messageGroupOf(long), /^x{54}~[0-9a-f]{8}$/);
  assert.equal(new Set([0, 1, 2, 3].map((end) => messageGroupOf(long + end))).size, 4);
});

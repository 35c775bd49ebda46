import assert from "node:assert/strict";
import fc from "fast-check";
import { json } from "../../../src/codec/json.ts";

Deno.test("json carries every JSON value there and back", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    assert.deepEqual(json.decode(json.encode(value)), JSON.parse(JSON.stringify(value)));
  }));
});

Deno.test("json writes plain UTF-8 that other languages read", () => {
  assert.deepEqual(json.encode({ a: "ü" }), new TextEncoder().encode('{"a":"ü"}'));
  assert.equal(json.contentType, "application/json");
});

Deno.test("json refuses what has no form in JSON, with the reason", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  assert.throws(() => json.encode(undefined), { name: "TypeError", message: /undefined as JSON/ });
  assert.throws(() => json.encode(() => {}), { name: "TypeError", message: /function as JSON/ });
  assert.throws(() => json.encode(1n), { name: "TypeError", message: /^Cannot encode the value as JSON: / });
  assert.throws(() => json.encode(circle), {
    name: "TypeError",
    message: /^Cannot encode the value as JSON: /,
  });
});

Deno.test("json refuses bytes that are no JSON in UTF-8", () => {
  for (const bytes of [[], [0x7b], [0xff, 0xfe], [0x22, 0xc3, 0x22]]) {
    assert.throws(() => json.decode(Uint8Array.from(bytes)), {
      name: "TypeError",
      message: "Cannot decode the body: it is not JSON in UTF-8",
    });
  }
});

Deno.test("json keeps no reference to the bytes it decoded", () => {
  const bytes = json.encode({ text: "abc" });
  const value = json.decode(bytes);
  bytes.fill(0);
  assert.deepEqual(value, { text: "abc" });
});

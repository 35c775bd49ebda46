import assert from "node:assert/strict";
import fc from "fast-check";
import { json } from "../../../src/codec/json.ts";
import { hasSpecial } from "../../helpers/json_special.ts";

function textOf(value: unknown): string {
  return new TextDecoder().decode(json.encode(value));
}

function fromText(text: string): unknown {
  return json.decode(new TextEncoder().encode(text));
}

Deno.test("json writes plain values as everybody does", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    if (!hasSpecial(value)) assert.equal(textOf(value), JSON.stringify(value));
  }));
  assert.equal(json.contentType, "application/json");
});

Deno.test("json reads plain values as everybody does", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    if (!/__proto__|\$rpc:/.test(text)) assert.deepStrictEqual(fromText(text), JSON.parse(text));
  }));
});

Deno.test("json writes what JSON lacks in the documented forms", () => {
  const forms: readonly (readonly [value: unknown, text: string])[] = [
    [12n, '{"$rpc:bigint":"12"}'],
    [-(2n ** 64n), '{"$rpc:bigint":"-18446744073709551616"}'],
    [new Date("2026-01-31T09:00:00.5Z"), '{"$rpc:date":"2026-01-31T09:00:00.500Z"}'],
    [Uint8Array.of(1, 2, 3, 255), '{"$rpc:bytes":"AQID/w=="}'],
    [NaN, '{"$rpc:number":"NaN"}'],
    [[Infinity, -Infinity], '[{"$rpc:number":"Infinity"},{"$rpc:number":"-Infinity"}]'],
    [[-0, 0], "[-0,0]"],
    [
      new Map<unknown, unknown>([["a", 1], [{ b: 2n }, null]]),
      '{"$rpc:map":[["a",1],[{"b":{"$rpc:bigint":"2"}},null]]}',
    ],
    [new Set([1, "a"]), '{"$rpc:set":[1,"a"]}'],
    [[undefined], '[{"$rpc:undefined":true}]'],
    [{ a: undefined, b: [undefined] }, '{"b":[{"$rpc:undefined":true}]}'],
    [{ "$rpc:date": 1 }, '{"$rpc:$rpc:date":1}'],
    [{ "$rpc:$rpc:x": 1 }, '{"$rpc:$rpc:$rpc:x":1}'],
    [{ "$rpc:date": 1, also: 2 }, '{"$rpc:date":1,"also":2}'],
    [{ "$ref": "#/a", "$set": [] }, '{"$ref":"#/a","$set":[]}'],
    ["a\ud800", '"a\\ud800"'],
    [{ u: "ü" }, '{"u":"ü"}'],
  ];
  for (const [value, text] of forms) assert.equal(textOf(value), text);
});

Deno.test("json leaves objects alone that only resemble a form", () => {
  for (
    const text of ['{"$rpc:date":1,"also":2}', '{"a":"$rpc:date"}', '["\\u0024rpc:date"]', '{"$rpc":"date"}']
  ) {
    assert.deepStrictEqual(fromText(text), JSON.parse(text));
  }
});

Deno.test("json reads forms that were written with escapes", () => {
  assert.deepStrictEqual(fromText('{"\\u0024rpc:bigint":"5"}'), 5n);
  assert.deepStrictEqual(fromText('{"$r\\u0070c:\\u0064ate":"1970-01-01T00:00:00.000Z"}'), new Date(0));
});

Deno.test("json reads -0 in either form, and a form of undefined in a field", () => {
  assert.ok(Object.is(fromText("-0"), -0));
  assert.ok(Object.is(fromText('{"$rpc:number":"-0"}'), -0));
  assert.deepStrictEqual(fromText('{"a":{"$rpc:undefined":true}}'), { a: undefined });
});

Deno.test("json says where a form or key is wrong", () => {
  const wrong: readonly (readonly [text: string, message: string])[] = [
    ['{"a":[{"$rpc:date":"now"}]}', '$.a[0]: "$rpc:date" must hold a time like 2026-01-31T09:00:00.000Z'],
    ['{"a b":{"$rpc:bytes":"?"}}', '$["a b"]: "$rpc:bytes" must hold base64 with padding'],
    [
      '{"$rpc:map":[[1,2],[3,{"$rpc:bigint":"x"}]]}',
      '$.entries[1].value: "$rpc:bigint" must hold an integer',
    ],
    ['{"a":{"$rpc:new":"x"}}', '$.a: "$rpc:new" is not a form of this codec'],
    ['{"a":{"__proto__":1}}', '$.a: the key "__proto__" is not carried'],
  ];
  for (const [text, message] of wrong) {
    assert.throws(() => fromText(text), {
      name: "TypeError",
      message: `Cannot decode the body at ${message}`,
    });
  }
});

Deno.test("json refuses bytes that are no JSON in UTF-8", () => {
  for (const bytes of [[], [0x7b], [0xff, 0xfe], [0x22, 0xc3, 0x22]]) {
    assert.throws(() => json.decode(Uint8Array.from(bytes)), {
      name: "TypeError",
      message: "Cannot decode the body: it is not JSON in UTF-8",
    });
  }
});

Deno.test("json ignores a byte order mark", () => {
  assert.deepStrictEqual(fromText('\ufeff{"a":1}'), { a: 1 });
  assert.deepStrictEqual(fromText('\ufeff{"$rpc:bigint":"1"}'), 1n);
});

Deno.test("json refuses undefined, which travels as no body", () => {
  assert.throws(() => json.encode(undefined), {
    name: "TypeError",
    message: "Cannot encode undefined as JSON: send no body instead",
  });
});

Deno.test("json carries long and wide values", () => {
  const wide = { rows: Array.from({ length: 5_000 }, (_, id) => ({ id, tags: ["a", { b: [] }] })) };
  assert.deepStrictEqual(fromText(textOf(wide)), wide);
});

Deno.test("json does not walk a value for ever that holds itself many times over", () => {
  let value: unknown = 1;
  for (let level = 0; level < 60; level++) value = [value, value];
  assert.throws(() => json.encode(value), {
    name: "TypeError",
    message: /at most 1000000 arrays and objects$/,
  });
});

Deno.test("json counts levels through its forms", () => {
  let value: unknown = 1;
  for (let level = 0; level < 200; level++) {
    value = level % 3 === 0 ? [value] : level % 3 === 1 ? { "$rpc:in": value } : new Map([["in", value]]);
  }
  const text = textOf(value);
  assert.deepStrictEqual(fromText(text), value);
  for (const deeper of [`[${text}]`, `{"a":${text}}`, `{"$rpc:set":[${text}]}`]) {
    assert.throws(() => fromText(deeper), {
      name: "TypeError",
      message: /: values lie at most 200 levels deep$/,
    });
  }
});

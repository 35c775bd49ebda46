import { json } from "rocket-actors";
import { codecSuite } from "./codec_suite.ts";
import { ANY_KINDS, ANY_TEXT, anyBodies } from "./codec_values.ts";

const encoder = new TextEncoder();
const escaped = (text: string) =>
  [...text].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

const REFUSED = [
  "",
  "{",
  "nul",
  '{"a":1}}',
  '{"__proto__":{"polluted":true}}',
  `[{"${escaped("__proto__")}":{"polluted":true}}]`,
  '{"$rpc:unknown":1}',
  '{"$rpc:":"a"}',
  `{"${escaped("$rpc:date")}":"yesterday"}`,
  '{"$rpc:date":"2026-01-31"}',
  '{"$rpc:date":0}',
  '{"$rpc:bigint":"1.5"}',
  '{"$rpc:bigint":""}',
  '{"$rpc:bigint":"0x10"}',
  `{"$rpc:bigint":"${"9".repeat(2_467)}"}`,
  `{"$rpc:bigint":"${"1".repeat(1_000_000)}"}`,
  '{"$rpc:bytes":"AQI"}',
  '{"$rpc:bytes":"A!"}',
  '{"$rpc:number":"1"}',
  '{"$rpc:map":[["a"]]}',
  '{"$rpc:map":{"a":1}}',
  '{"$rpc:map":[["a",{"__proto__":1}]]}',
  '{"$rpc:set":"a"}',
  '{"$rpc:undefined":false}',
];

codecSuite("json", {
  make: () => json,
  place: undefined,
  kinds: { ...ANY_KINDS, "half a surrogate pair": [{ value: { x: "a\ud800", "\udc00": ["\ud83d"] } }] },
  bodies: anyBodies(ANY_TEXT),
  maxDepth: 200,
  nested(depth) {
    let value: unknown = "deepest";
    for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { in: value } : [value];
    return value;
  },
  nestedBytes(depth) {
    const open: string[] = [];
    const close: string[] = [];
    for (let level = depth - 1; level >= 0; level--) {
      open.push(level % 2 === 0 ? '{"in":' : "[");
      close.push(level % 2 === 0 ? "}" : "]");
    }
    return encoder.encode(`${open.join("")}"deepest"${close.toReversed().join("")}`);
  },
  hostile: {
    ...Object.fromEntries(REFUSED.map((text) => [`the text ${text.slice(0, 60)}`, encoder.encode(text)])),
    "a byte that is not UTF-8": Uint8Array.of(0x22, 0xff, 0x22),
    "half a surrogate pair in UTF-8": Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
    "UTF-16": Uint8Array.of(0xff, 0xfe, 0x31, 0x00),
    "Maps within Maps without end": encoder.encode('{"$rpc:map":[[1,'.repeat(300) + "1" + "]]}".repeat(300)),
    "a million open brackets": new Uint8Array(1_000_000).fill(0x5b),
  },
});

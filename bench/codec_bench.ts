/**
 * What codecs cost: a body of so many bytes of JSON, written and read once. The baseline of each group is what
 * JavaScript itself does, text and bytes included; the ratio of `json` to it is what its care for special values costs.
 */
import { json } from "rocket-actors";
import { msgpack } from "rocket-actors/codec/msgpack";
import { protobuf } from "rocket-actors/codec/protobuf";
import { decodeUtf8, encodeUtf8 } from "../src/bytes/utf8.ts";

interface Entry {
  readonly id: string;
  readonly cents: number;
  readonly urgent: boolean;
}

interface Statement {
  readonly account: string;
  readonly entries: readonly Entry[];
  readonly note: string;
}

const PROTO = `
  syntax = "proto3";
  message Entry { string id = 1; double cents = 2; bool urgent = 3; }
  message Statement { string account = 1; repeated Entry entries = 2; string note = 3; }
`;
const PLACE = { contract: "bench.Codec", method: "put", part: "input" } as const;

/** A statement whose JSON has exactly so many bytes. */
function statementOf(bytes: number, entries: number): Statement {
  const statement = {
    account: "acc-4711",
    entries: Array.from({ length: entries }, (_, index) => {
      return { id: `e-${100 + index}`, cents: 12_345 * index, urgent: index % 2 === 0 };
    }),
    note: "",
  };
  return { ...statement, note: "x".repeat(bytes - JSON.stringify(statement).length) };
}

const typed = protobuf(PROTO, { put: { input: "Statement" } });

for (const [bytes, entries] of [[128, 1], [1_024, 16], [65_536, 1_024]] as const) {
  const value = statementOf(bytes, entries);
  const group = `${bytes} bytes of JSON`;
  const text = json.encode(value);
  const packed = msgpack.encode(value);
  const message = typed.encode(value, PLACE);

  Deno.bench(`JSON.stringify, UTF-8: ${bytes}`, { group: `write ${group}`, baseline: true }, () => {
    encodeUtf8(JSON.stringify(value));
  });
  Deno.bench(`json.encode: ${bytes}`, { group: `write ${group}` }, () => void json.encode(value));
  Deno.bench(`msgpack.encode: ${bytes}`, { group: `write ${group}` }, () => void msgpack.encode(value));
  Deno.bench(`protobuf.encode: ${bytes}`, { group: `write ${group}` }, () => void typed.encode(value, PLACE));

  Deno.bench(`UTF-8, JSON.parse: ${bytes}`, { group: `read ${group}`, baseline: true }, () => {
    JSON.parse(decodeUtf8(text));
  });
  Deno.bench(`json.decode: ${bytes}`, { group: `read ${group}` }, () => void json.decode(text));
  Deno.bench(`msgpack.decode: ${bytes}`, { group: `read ${group}` }, () => void msgpack.decode(packed));
  Deno.bench(
    `protobuf.decode: ${bytes}`,
    { group: `read ${group}` },
    () => void typed.decode(message, PLACE),
  );

  Deno.bench(`JSON alone, both: ${bytes}`, { group: `both ${group}`, baseline: true }, () => {
    JSON.parse(decodeUtf8(encodeUtf8(JSON.stringify(value))));
  });
  Deno.bench(`json, both: ${bytes}`, { group: `both ${group}` }, () => void json.decode(json.encode(value)));
  Deno.bench(`msgpack, both: ${bytes}`, { group: `both ${group}` }, () => {
    msgpack.decode(msgpack.encode(value));
  });
  Deno.bench(`protobuf, both: ${bytes}`, { group: `both ${group}` }, () => {
    typed.decode(typed.encode(value, PLACE), PLACE);
  });
}

// What a special value adds: the body is copied once.
const special = { paidAt: new Date(0), cents: 12_345n, proof: new Uint8Array(32), tags: new Set(["a", "b"]) };
const group = "a body of special values";
Deno.bench("json: special", { group }, () => void json.decode(json.encode(special)));
Deno.bench("msgpack: special", { group }, () => void msgpack.decode(msgpack.encode(special)));

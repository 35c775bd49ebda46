import assert from "node:assert/strict";
import fc from "fast-check";
import { ProtoPlaces } from "../../../src/protobuf/proto_places.ts";

const TEXT = `syntax = "proto3";
package bank.v1; // { }
import "a/b.proto";
import public 'c.proto';
option java_package = "x;{";
/* message No {
 */ message Transfer {
  string from = 1; string to = 2 [deprecated = true,
     (x) = { a: 1; b: 2 }];
  map<string, int64> balances = 3;
  oneof way { string email = 4;
     Phone phone = 5; }
  message Phone { int32 message = 1; }
  optional group Extra = 9 { optional int32 deep = 1; }
  reserved 6, 7;
}
service Payments {
  option deprecated = true;
  rpc A (Transfer) returns (stream Transfer);
  rpc B (Transfer)
    returns (Transfer) { option (a) = { x: "}" y { z: 1 } }; option idempotency_level = IDEMPOTENT; }
  rpc C (Transfer) returns (Transfer) {}
}
enum Colour { RED = 0; BLUE = -1; }
local message Hidden { int32 x = 1; }
`;

Deno.test("ProtoPlaces knows the line of every declaration", () => {
  const places = new ProtoPlaces(TEXT);
  const lines: Record<string, number | undefined> = {
    "Transfer": 7,
    "Transfer.from": 8,
    "Transfer.to": 8,
    "Transfer.balances": 10,
    "Transfer.email": 11,
    "Transfer.phone": 12,
    "Transfer.Phone": 13,
    "Transfer.Phone.message": 13,
    "Transfer.Extra.deep": 14,
    "Transfer.a": undefined,
    "Payments": 17,
    "Payments.A": 19,
    "Payments.B": 20,
    "Payments.C": 22,
    "Colour.BLUE": 24,
    "Hidden.x": 25,
  };
  for (const [name, line] of Object.entries(lines)) {
    assert.equal(places.lineOf(`bank.v1.${name}`), line, name);
  }
  assert.equal(places.lineOfAny("Phone.message"), 13);
  assert.equal(places.lineOfAny("message"), 13);
  assert.equal(places.lineOfAny("sage"), undefined);
});

Deno.test("ProtoPlaces knows what is imported, and where", () => {
  const places = new ProtoPlaces(TEXT);
  assert.deepEqual(places.imports, ["a/b.proto", "c.proto"]);
  assert.equal(places.lineOfImport("a/b.proto"), 3);
  assert.equal(places.lineOfImport("c.proto"), 4);
  assert.equal(places.lineOfImport("d.proto"), undefined);
});

Deno.test("ProtoPlaces reads any text to its end", () => {
  const token = fc.constantFrom(..."{ } ; [ ] = message rpc \"a ' // /* */ import package x 1 \n".split(" "));
  fc.assert(fc.property(fc.array(token).map((tokens) => tokens.join(" ")), (text) => {
    const count = text.split("\n").length;
    const line = new ProtoPlaces(`${text}*/"'\n;}}}}}}}]]]]]]]]; message Last {}`).lineOfAny("Last");
    assert.ok(line === undefined || line === count + 1, `${line} of ${count + 1}`);
  }));
});

Deno.test("ProtoPlaces takes no longer for many tokens in one line than for as many lines", () => {
  const seconds = (text: string): number => {
    const since = performance.now();
    assert.equal(new ProtoPlaces(text).lineOfAny("x"), undefined);
    return (performance.now() - since) / 1_000;
  };
  // Looking for the end of the line at each token took 4 s.
  seconds("; ".repeat(1_000));
  const [lines, line] = [seconds(";\n".repeat(500_000)), seconds("; ".repeat(500_000))];
  assert.ok(line < 1 + 8 * lines, `${line} s in one line, ${lines} s in many`);
});

Deno.test("ProtoPlaces follows messages within messages deeper than the parser does, not without end, and reads on behind them", () => {
  const deep = "message D {\n".repeat(50_000) + "}".repeat(50_000);
  const places = new ProtoPlaces(`${deep}\nmessage Last {}`);
  assert.equal(places.lineOf("D.D.D"), 3);
  assert.equal(places.lineOf("D.".repeat(99) + "D"), 100);
  assert.equal(places.lineOf("D.".repeat(100) + "D"), undefined);
  assert.equal(places.lineOf("Last"), 50_002);
});

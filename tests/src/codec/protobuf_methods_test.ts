import assert from "node:assert/strict";
import type { BodyPlace } from "rocket-actors";
import { protobuf } from "../../../src/codec/protobuf.ts";

const FILE = `
  syntax = "proto3";
  package bank;
  message Question { int32 a = 1; }
  message Answer { message Line { string text = 1; } int64 b = 1; }
  message Missing { int64 cents = 1; }
  enum Color { RED = 0; }
`;

function placeOf(method: string, part: BodyPlace["part"], error?: string): BodyPlace {
  return { contract: "bank.Payments", method, part, error };
}

Deno.test("protobuf uses the message of the method, part and error", () => {
  const codec = protobuf(FILE, {
    quote: { input: "bank.Question", output: ".bank.Answer", errors: { Insufficient: "bank.Missing" } },
    lines: { output: "bank.Answer.Line" },
  });
  const bodies: readonly (readonly [place: BodyPlace, value: unknown])[] = [
    [placeOf("quote", "input"), { a: 1 }],
    [placeOf("quote", "output"), { b: 1n }],
    [placeOf("quote", "details", "Insufficient"), { cents: 1n }],
    [placeOf("lines", "output"), { text: "a" }],
  ];
  for (const [place, value] of bodies) {
    assert.deepStrictEqual(codec.decode(codec.encode(value, place), place), value);
  }
});

Deno.test("protobuf refuses bodies at places that have no message, and says how to name one", () => {
  const codec = protobuf(FILE, { quote: { input: "bank.Question" } });
  const places: readonly (readonly [place: BodyPlace | undefined, message: string])[] = [
    [
      placeOf("quote", "output"),
      'the output of "bank.Payments.quote" as Protobuf: name its message in protobuf(…)',
    ],
    [
      placeOf("toString", "input"),
      'the input of "bank.Payments.toString" as Protobuf: name its message in protobuf(…)',
    ],
    [
      placeOf("quote", "details", "Insufficient"),
      'the details of "Insufficient" of "bank.Payments.quote" as Protobuf: name its message in protobuf(…)',
    ],
    [undefined, "a body as Protobuf: say where in the contract it stands"],
  ];
  for (const [place, message] of places) {
    assert.throws(() => codec.encode({}, place), { name: "TypeError", message: `Cannot encode ${message}` });
    assert.throws(() => codec.decode(Uint8Array.of(8, 1), place), {
      name: "TypeError",
      message: `Cannot decode ${message}`,
    });
  }
});

Deno.test("protobuf refuses names that the schema lacks when it is made", () => {
  const known = "the schema's messages are bank.Answer, bank.Answer.Line, bank.Missing, bank.Question";
  const wrong: readonly (readonly [name: string, message: string])[] = [
    ["Question", `Cannot use "Question" as the input of "quote": ${known}`],
    ["bank.Color", `Cannot use "bank.Color" as the input of "quote": ${known}`],
    ["", `Cannot use "" as the input of "quote": ${known}`],
  ];
  for (const [name, message] of wrong) {
    assert.throws(() => protobuf(FILE, { quote: { input: name } }), { name: "TypeError", message });
  }
  assert.throws(() => protobuf(FILE, { quote: { errors: { Gone: "bank.Gone" } } }), {
    message: `Cannot use "bank.Gone" as the details of "Gone" of "quote": ${known}`,
  });
  assert.throws(() => protobuf('syntax = "proto3";', { a: { input: "A" } }), /messages are none$/);
});

Deno.test("protobuf refuses methods that are written wrongly", () => {
  // @ts-expect-error no such option
  assert.throws(() => protobuf(FILE, { quote: { ouput: "bank.Answer" } }), {
    name: "TypeError",
    message: 'Cannot use "ouput" of "quote": a method has "input", "output" and "errors"',
  });
  // @ts-expect-error not a name
  assert.throws(() => protobuf(FILE, { quote: { input: 5 } }), {
    name: "TypeError",
    message: 'Cannot set the input of "quote": give the name of a message',
  });
});

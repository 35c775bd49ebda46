import assert from "node:assert/strict";
import { ProtoSchema } from "../../../src/protobuf/proto_schema.ts";

const HEAD = 'syntax = "proto3";\npackage bank;\n';

Deno.test("ProtoSchema reads files that import each other, in any order", () => {
  const schema = new ProtoSchema({
    "bank/payments.proto":
      `${HEAD}import "common/money.proto"; service P { rpc A (common.Money) returns (common.Money); }`,
    "common/money.proto":
      'syntax = "proto3"; package common; import "google/protobuf/timestamp.proto"; message Money { google.protobuf.Timestamp at = 1; }',
  });
  assert.deepEqual(schema.services.map(({ fullName }) => fullName), [".bank.P"]);
  const [service] = schema.services;
  assert.ok(service !== undefined);
  assert.deepEqual(schema.placeOf(service, "A"), { file: "bank/payments.proto", line: 3 });
});

Deno.test("ProtoSchema knows the options of this library and what options extend", () => {
  const schema = new ProtoSchema(
    `${HEAD}import "rocket_actors/options.proto"; import "google/protobuf/descriptor.proto";
     extend google.protobuf.FieldOptions { string unit = 50001; }
     message M { int32 x = 1 [(unit) = "ms"]; }`,
  );
  assert.ok(schema.root.lookup("rocket_actors.DeclaredError") !== null);
});

Deno.test("ProtoSchema says file and line of what is wrong, and what to do", () => {
  const wrong: readonly (readonly [text: string, message: string])[] = [
    ["packge bank;", "line 1: unexpected token 'packge'"],
    [`${HEAD}message M {\n  string a = 1\n}`, "line 5: unexpected token '}', ';' expected"],
    [`${HEAD}message M {`, "line 3: unexpected end of input, the file ends too early"],
    [
      `${HEAD}message M {\n  Money a = 1;\n}`,
      'line 4: there is no type "Money": correct the name, or import',
    ],
    [`${HEAD}message M {\n  map<string, Money> a_b = 1;\n}`, 'line 4: there is no type "Money"'],
    [
      `${HEAD}message M {}\nservice P {\n  rpc A (M) returns (N);\n}`,
      'line 5: there is no message "N": correct the name, or import and give the file that declares it',
    ],
    [`${HEAD}enum E { A = 0; }\nservice P {\n rpc A (E) returns (E);\n}`, 'line 5: there is no message "E"'],
    [
      `${HEAD}import "common/money.proto";`,
      'line 3: "common/money.proto" is not among the files: give it too',
    ],
    [`${HEAD}message M {\n  int32 a = 1;\n  int32 b = 1;\n}`, "line 3: duplicate id 1 in Type M"],
    [`${HEAD}message M {\n  int32 a = 1;\n  int32 a = 2;\n}`, "line 4: duplicate name 'a' in Type M"],
    [`${HEAD}message M {}\nmessage M {}`, "line 3: duplicate name 'M' in Namespace .bank"],
    [
      `${HEAD}import "google/protobuf/descriptor.proto";\nextend google.protobuf.RpcOptions {\n  string x = 50001;\n}`,
      'line 5: there is no message "google.protobuf.RpcOptions" to extend: correct the name, or import its file',
    ],
  ];
  for (const [text, message] of wrong) {
    const files = { "bank/payments.proto": text };
    assert.throws(() => new ProtoSchema(files), (error) => {
      assert.ok(error instanceof TypeError);
      assert.ok(error.message.startsWith(`Cannot use bank/payments.proto, ${message}`), error.message);
      return true;
    });
  }
});

Deno.test("ProtoSchema takes texts and nothing else", () => {
  for (const wrong of [undefined, 5, ["a"], null]) {
    assert.throws(() => new ProtoSchema(wrong as never), {
      name: "TypeError",
      message: /texts by file name/,
    });
  }
  assert.throws(() => new ProtoSchema({}), { name: "TypeError", message: /give at least one/ });
  assert.throws(() => new ProtoSchema({ "a.proto": 5 } as never), /Cannot use a\.proto: give its text/);
  assert.throws(() => new ProtoSchema("x"), /Cannot use the \.proto text, line 1/);
});

Deno.test("ProtoSchema leaves no file name behind for other readers of .proto texts", async () => {
  const { default: protobufjs } = await import("protobufjs");
  assert.throws(() => new ProtoSchema({ "mine.proto": `${HEAD}message M { X a = 1; }` }));
  assert.throws(() => protobufjs.parse("x"), (error) => !String(error).includes("mine.proto"));
});

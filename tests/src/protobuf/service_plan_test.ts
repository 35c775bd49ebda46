import assert from "node:assert/strict";
import { ProtoSchema } from "../../../src/protobuf/proto_schema.ts";
import { planService, type ServicePlan } from "../../../src/protobuf/service_plan.ts";

const HEAD = `syntax = "proto3"; package bank; import "rocket_actors/options.proto";
import "google/protobuf/empty.proto"; import "google/protobuf/wrappers.proto";
enum Colour { option allow_alias = true; RED = 0; BLUE = 1; AZURE = 1; }
message Id { int64 number = 1; }
message M {
  string from = 1; Id id = 2; Colour colour = 3; repeated string many = 4; bytes raw = 5; double real = 6;
  map<string, string> table = 7; fixed32 small_number = 8; string constructor = 9;
}
`;

function plan(service: string, name?: string): ServicePlan {
  return planService(new ProtoSchema({ "bank.proto": HEAD + service }), name);
}

function planOf(options: string, signature = "(M) returns (M)"): ServicePlan["rpcs"][number] {
  const [rpc] = plan(`service P {\n rpc Do ${signature} { ${options} }\n}`).rpcs;
  assert.ok(rpc !== undefined);
  return rpc;
}

Deno.test("planService names methods after their rpcs, in their order", () => {
  const { name, rpcs } = plan("service P { rpc GetIt (M) returns (M); rpc put (M) returns (M); }");
  assert.equal(name, "bank.P");
  assert.deepEqual(rpcs.map((rpc) => [rpc.name, rpc.kind]), [["getIt", "call"], ["put", "call"]]);
});

Deno.test("planService reads idempotency_level and the options of this library", () => {
  const { options, errors, kind } = planOf(`
    option deprecated = true;
    option (google.api.http) = { get: "/x" additional: [{ a: 1 }, { a: 2 }] };
    option idempotency_level = IDEMPOTENT;
    option (rocket_actors.timeout_ms) = 500;
    option (.rocket_actors.min_remaining_ms) = 20;
    option (rocket_actors.when_absent) = WAIT;
    option (rocket_actors.error) = { details: "Id", code: "not_found" };
    option (rocket_actors.error) = { name: "Closed" };
  `);
  assert.equal(kind, "call");
  assert.deepEqual([options.safe, options.idempotent], [false, true]);
  assert.deepEqual([options.timeoutMs, options.minRemainingMs, options.whenAbsent], [500, 20, "wait"]);
  assert.deepEqual(errors.map(({ name, details, code }) => [name, details?.fullName, code]), [
    ["Id", ".bank.Id", "not_found"],
    ["Closed", undefined, undefined],
  ]);
  assert.deepEqual(planOf("option idempotency_level = NO_SIDE_EFFECTS;").options.safe, true);
  assert.deepEqual(planOf("option idempotency_level = IDEMPOTENCY_UNKNOWN;").options.idempotent, false);
  assert.equal(
    planOf("option (rocket_actors.oneway) = true;", "(M) returns (google.protobuf.Empty)").kind,
    "oneway",
  );
  assert.equal(planOf("", "(M) returns (stream M)").kind, "stream");
});

Deno.test("planService gives the same key for what is one value, and for what was left out", () => {
  const text = planOf('option (rocket_actors.key) = "from";').key;
  assert.deepEqual([text?.({ from: "a" }), text?.({})], ["a", ""]);
  const number = planOf('option (rocket_actors.key) = "id.number";').key;
  assert.deepEqual([{ id: { number: 5n } }, { id: { number: 5 } }].map((input) => number?.(input)), [
    "5",
    "5",
  ]);
  const none = [{}, { id: {} }, { id: { number: 0n } }, { id: { number: -0 } }, undefined];
  assert.deepEqual(none.map((input) => number?.(input)), ["0", "0", "0", "0", "0"]);
  const colour = planOf('option (rocket_actors.key) = "colour";').key;
  const colours = [{ colour: "AZURE" }, { colour: 1 }, { colour: 7 }, {}, { colour: 0 }, { colour: "RED" }];
  assert.deepEqual(colours.map((input) => colour?.(input)), ["BLUE", "BLUE", "7", "RED", "RED", "RED"]);
  assert.equal(planOf('option (rocket_actors.key) = "small_number";').key?.({ smallNumber: 3 }), "3");
  const inherited = planOf('option (rocket_actors.key) = "constructor";').key;
  assert.deepEqual([inherited?.({}), inherited?.({ constructor: "a" })], ["", "a"]);
});

Deno.test("planService says which rpc cannot be a method, where, and what to do", () => {
  const wrong: readonly (readonly [options: string, message: RegExp, signature?: string])[] = [
    ["", /rpc Do takes a stream, .* take a message with a repeated field/, "(stream M) returns (M)"],
    ["", /rpc Do takes a stream/, "(stream M) returns (stream M)"],
    [
      "option (rocket_actors.oneway) = true;",
      /one-way, so nobody gets a M: let it return google\.protobuf\.Empty/,
    ],
    [
      "option (rocket_actors.oneway) = true;",
      /nobody gets a stream/,
      "(M) returns (stream google.protobuf.Empty)",
    ],
    [
      'option (rocket_actors.oneway) = true; option (rocket_actors.error) = { name: "A" };',
      /nobody gets declared errors/,
      "(M) returns (google.protobuf.Empty)",
    ],
    ['option (rocket_actors.oneway) = "yes";', /\(rocket_actors\.oneway\) must be true or false/],
    [
      "option idempotency_level = SOMETIMES;",
      /idempotency_level must be one of IDEMPOTENCY_UNKNOWN, NO_SIDE/,
    ],
    ['option (rocket_actors.key) = "nobody";', /M has no field "nobody"/],
    ['option (rocket_actors.key) = "id.nobody";', /M has no field "id\.nobody"/],
    ['option (rocket_actors.key) = "from.x";', /M has no field "from\.x"/],
    ...["many", "raw", "real", "table", "id", "many.x"].map((key) =>
      [
        `option (rocket_actors.key) = "${key}";`,
        /must be a field with one text, whole number or enum value/,
      ] as const
    ),
    ['option (rocket_actors.key) = "";', /must be a text that is not empty/],
    ['option (rocket_actors.key) = "from"; option (rocket_actors.key) = "from";', /is there twice/],
    [
      'option (rocket_actors.keys) = "from";',
      /\(rocket_actors\.keys\) is no option: those of an rpc are oneway, key/,
    ],
    ["option (rocket_actors.timeout_ms) = 0.5;", /must be a whole number/],
    ["option (rocket_actors.when_absent) = MAYBE;", /must be FAIL or WAIT/],
    ['option (rocket_actors.error) = "A";', /must be a message, such as \{ details: "InsufficientFunds"/],
    ['option (rocket_actors.error) = { nam: "A" };', /has texts named name, details, code/],
    ['option (rocket_actors.error) = { code: "not_found" };', /needs a name or details/],
    [
      'option (rocket_actors.error) = { name: "A" code: "gone" };',
      /"gone" is no code: write one of the gRPC codes/,
    ],
    [
      'option (rocket_actors.error) = { details: "Nope" };',
      /there is no message "Nope" for the details of an error/,
    ],
    ['option (rocket_actors.error) = { details: "Colour" };', /there is no message "Colour"/],
  ];
  for (const [options, message, signature] of wrong) {
    assert.throws(() => planOf(options, signature), (error) => {
      assert.ok(error instanceof TypeError);
      // The head has nine lines.
      assert.ok(error.message.startsWith("Cannot use bank.proto, line 10: "), error.message);
      assert.match(error.message, message);
      return true;
    }, options);
  }
});

Deno.test("planService wants the import of the options that a file uses", () => {
  const text =
    'syntax = "proto3"; message M {}\nservice P { rpc A (M) returns (M) { option (rocket_actors.timeout_ms) = 5; } }';
  assert.throws(() => planService(new ProtoSchema({ "a.proto": text }), undefined), {
    message:
      'Cannot use a.proto, line 2: rpc A: write import "rocket_actors/options.proto" into the file, since it ' +
      "uses (rocket_actors.timeout_ms)",
  });
});

Deno.test("planService refuses two methods of a name, and an error with two meanings", () => {
  assert.throws(
    () => plan("service P { rpc Get (M) returns (M);\nrpc get (M) returns (M); }"),
    /bank\.proto, line 10: two methods would be called "get"/,
  );
  const error = (details: string): string => `{ option (rocket_actors.error) = { name: "A" ${details} }; }`;
  assert.throws(
    () =>
      plan(
        `service P { rpc A (M) returns (M) ${error('details: "M"')}\nrpc B (M) returns (M) ${error("")} }`,
      ),
    /line 10: the error "A" has other details elsewhere/,
  );
});

Deno.test("planService finds a service by its name, or the only one", () => {
  const two = "service P { rpc A (M) returns (M); } service Q { rpc B (M) returns (M); }";
  assert.equal(plan(two, "bank.Q").rpcs[0]?.name, "b");
  assert.throws(() => plan(two), /name one service, those of the files are bank\.P, bank\.Q$/);
  assert.throws(() => plan(two, "bank.R"), /of "bank\.R": the services of the files are bank\.P, bank\.Q$/);
  assert.throws(() => plan(""), /those of the files are none$/);
  assert.throws(() => plan("service P {}"), /bank\.proto, line 9: the service "P" has no rpc: give it one$/);
});

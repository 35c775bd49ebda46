import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { generateContract, readProtoFiles } from "rocket-actors/protobuf";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const HEAD = 'syntax = "proto3"; package bank; ';

function generate(text: string, service?: string): string {
  return generateContract({ "bank.proto": HEAD + text }, { service });
}

/** The text as `deno fmt` leaves it, in lines of 80 characters as by default. */
async function formatted(text: string): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--no-config", "--ext", "ts", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout } = await child.output();
  assert.ok(success, text);
  return new TextDecoder().decode(stdout);
}

Deno.test("generateContract writes the fixture as it stands there, formatted", async () => {
  const files = await readProtoFiles("fixtures/kinds.proto", { roots: [HERE] });
  const text = generateContract(files);
  assert.equal(
    text,
    await Deno.readTextFile(`${HERE}fixtures/kinds.ts`),
    "run deno task proto:types for it again",
  );
  assert.equal(text, generateContract({ ...files }));
  assert.equal(await formatted(text), text);
});

Deno.test("generateContract writes what is long and strange so that it needs no formatting", async () => {
  const long = "a_very_long_name_of_a_field_that_leaves_no_room_for_anything";
  const text = generate(`
    // ${"word ".repeat(40)}
    //
    // Ends */ here: \`\${x}\` \\n
    message Long {
      map<int64, Long> ${long} = 1;
      oneof one { Long first_of_one = 2; string second_of_one = 3; }
      oneof other { Long first_of_other = 4; }
    }
    message OnlyOneof { oneof it { /* This. */ string this = 1; } }
    message Nothing {}
    enum Many { ${
    Array.from({ length: 12 }, (_, index) => `A_RATHER_LONG_VALUE_${index} = ${index};`).join(" ")
  } }
    message Plain { Many many = 1; Nothing nothing = 2; OnlyOneof only = 3; repeated Long long = 4; bytes raw = 5; }
    service Strange {
      // ${"method ".repeat(20)}
      rpc DoSomethingWithANameThatIsRatherLongIndeedItIs (Long) returns (Plain);
      rpc Short (Plain) returns (Plain);
    }
  `);
  assert.equal(await formatted(text), text);
  assert.match(text, /Ends \*\\\/ here/);
  assert.match(text, /^export type Nothing = Readonly<Record<string, never>>;$/m);
  assert.match(
    text,
    /readonly doSomethingWithANameThatIsRatherLongIndeedItIs: ProtoMethod<\n {4}Long,\n {4}Plain\n {2}>;/,
  );
});

Deno.test("generateContract keeps the files' text exactly", async () => {
  const files = {
    "bank.proto": `${HEAD}// \`\${1}\` \\u0041 \\\r\nmessage M {} service P { rpc A (M) returns (M); }`,
  };
  const folder = await Deno.makeTempDir({ prefix: "rocket-actors-proto-" });
  try {
    const library = new URL("../../../src/protobuf/mod.ts", import.meta.url).href;
    await Deno.writeTextFile(`${folder}/p.ts`, generateContract(files, { library }));
    const written: Record<string, unknown> = await import(`file://${folder}/p.ts`);
    assert.deepEqual(written["pFiles"], files);
    assert.equal(Reflect.get(Object(written["P"]), "name"), "bank.P");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("generateContract writes nothing of files that make no contract, and no code that they have in their texts", () => {
  const code = "x: void }> } ; globalThis.broken = 1; export interface Y { readonly y: Array<{ z";
  const of = (rpc: string): string =>
    `syntax = "proto3"; import "rocket_actors/options.proto";\nmessage M {}\n${rpc}`;
  const method = (options: string): string => of(`service P { rpc A (M) returns (M) { ${options} } }`);
  for (
    const text of [
      method(`option (rocket_actors.error) = { name: "${code}" };`),
      method("option (rocket_actors.timeout_ms) = 0;"),
      of("service P { rpc Then (M) returns (M); }"),
    ]
  ) {
    assert.throws(() => generateContract({ "p.proto": text }), { name: "TypeError", message: /^Cannot / });
  }
});

Deno.test("generateContract gives types names that mean nothing else", () => {
  const text = generate(`
    message Service { ReadonlyMap map = 1; string string = 2; }
    message ReadonlyMap { message Inner {} Inner inner = 1; }
    message PMethods { string class = 1; }
    service P { rpc A (Service) returns (PMethods); }
  `);
  assert.match(
    text,
    /^export interface Service_ \{\n {2}readonly map\?: ReadonlyMap_;\n {2}readonly string: string;$/m,
  );
  assert.match(text, /^export interface PMethods_ \{\n {2}readonly class: string;$/m);
  assert.match(text, /^export type ReadonlyMap_Inner = /m);
  assert.match(text, /readonly a: ProtoMethod<Service_, PMethods_>;/);
  assert.throws(
    () =>
      generate(
        "message A { message B {} B b = 1; A_B c = 2; } message A_B {} service P { rpc A (A) returns (A); }",
      ),
    {
      name: "TypeError",
      message: 'Cannot write types: bank.A.B and bank.A_B would both be "A_B"; rename one of them',
    },
  );
});

Deno.test("generateContract writes services without a package, and of several the one that is named", () => {
  const text =
    'syntax = "proto3"; message M {} service P { rpc A (M) returns (M); } service Q { rpc B (M) returns (M); }';
  const written = generateContract({ "a.proto": text }, {
    service: "Q",
    library: "https://example.org/mod.ts",
  });
  assert.match(
    written,
    /^export const Q: Service<QMethods> = contractFromProto\(\n {2}qFiles,\n {2}\{ service: "Q" \},\n\);$/m,
  );
  assert.match(written, /from "https:\/\/example\.org\/mod\.ts";/);
  assert.throws(() => generateContract({ "a.proto": text }), /name one service, those of the files are P, Q/);
});

Deno.test("generateContract follows presence: proto2's required, optional and groups, editions, closed enums", () => {
  const text = generateContract({
    "a.proto": `
      syntax = "proto2";
      enum Shut { ON = 1; OFF = 2; }
      message M {
        required string must = 1;
        optional int64 may = 2 [default = 5];
        repeated M all = 3;
        optional group Extra = 4 { optional bool deep = 1; }
        optional Shut shut = 5;
      }
      service P { rpc A (M) returns (M); }
    `,
    "b.proto":
      'edition = "2023"; package b; message E { int32 x = 1; int32 y = 2 [features.field_presence = IMPLICIT]; }',
  });
  assert.match(
    text,
    /readonly must: string;\n {2}readonly may\?: bigint;\n {2}readonly all: readonly M\[\];/,
  );
  assert.match(text, /readonly extra\?: M_Extra;\n {2}readonly shut\?: Shut;/);
  assert.match(text, /^export type Shut = "ON" \| "OFF";$/m);
  assert.doesNotMatch(text, /interface b_E/);
});

import assert from "node:assert/strict";
import { createSystem, embedded, RpcError } from "rocket-actors";
import { contractFromProto } from "rocket-actors/protobuf";
import { EMPTY } from "./fixtures/everything.ts";
import { type Everything, Kinds, kindsFiles, type shared_Money } from "./fixtures/kinds.ts";

const TEXT = 'syntax = "proto3"; package bank; message M { string a = 1; } ';

Deno.test("contractFromProto makes a contract with what the file promises", () => {
  assert.equal(Kinds.name, "kinds.v1.Kinds");
  assert.equal(Kinds.kind, "service");
  assert.equal(Kinds.codec.contentType, "application/protobuf");
  assert.deepEqual(Object.keys(Kinds.methods), ["echo", "pay", "tell", "ping", "count"]);
  const { echo, pay, tell, ping, count } = Kinds.methods;
  assert.deepEqual([echo.settings.safe, echo.settings.idempotent], [true, true]);
  assert.deepEqual([pay.settings.safe, pay.settings.idempotent, pay.settings.timeoutMs], [
    false,
    true,
    1_500,
  ]);
  assert.equal(pay.settings.key?.({ account: "a" }), "a");
  assert.deepEqual(Object.entries(pay.settings.errors).map(([name, { code }]) => [name, code]), [
    ["Missing", "failed_precondition"],
    ["NoAccount", "not_found"],
  ]);
  assert.deepEqual([tell.kind, tell.settings.whenAbsent], ["oneway", "fail"]);
  assert.deepEqual([count.kind, count.settings.safe, Object.keys(count.settings.errors)], ["stream", true, [
    "Missing",
  ]]);
  assert.deepEqual([ping.kind, ping.settings.idempotent, ping.settings.whenAbsent], ["call", false, "fail"]);
});

Deno.test("contractFromProto makes contracts whose calls run in a system", async () => {
  await using system = await createSystem({ name: "kinds", transport: embedded() });
  const seen: { echo?: Everything; tell: shared_Money[] } = { tell: [] };
  const told = Promise.withResolvers<void>();
  await system.serve(Kinds, {
    echo: (message) => seen.echo = message,
    pay: ({ account, cents }, ctx) => {
      if (account === "nobody") throw ctx.error("NoAccount");
      if (cents > 100n) throw ctx.error("Missing", { cents: cents - 100n });
      return { depth: 1 };
    },
    tell: (money) => {
      seen.tell.push(money);
      told.resolve();
    },
    ping: () => {},
    async *count({ account, cents }, ctx) {
      for (let left = cents; left > 0n; left--) yield { account, cents: left };
      throw ctx.error("Missing", { cents });
    },
  });
  const kinds = system.client(Kinds);

  const echoed = await kinds.echo({
    anInt64: 5,
    colour: "RED",
    byInt64: new Map([[1, { depth: 2 }]]),
    chosenString: "",
  });
  const expected = {
    ...EMPTY,
    anInt64: 5n,
    colour: "RED",
    byInt64: new Map([[1n, { depth: 2 }]]),
    chosenString: "",
  };
  assert.deepStrictEqual(echoed, expected);
  assert.deepStrictEqual(seen.echo, expected);
  assert.deepStrictEqual(await kinds.pay({ account: "a" }), { depth: 1 });
  assert.equal(await kinds.ping(), undefined);
  await kinds.tell({ account: "b", cents: 7 });
  await told.promise;
  assert.deepStrictEqual(seen.tell, [{ account: "b", cents: 7n }]);

  const items: shared_Money[] = [];
  const end = await Array.fromAsync(kinds.count({ account: "c", cents: 2 }), (item) => void items.push(item))
    .then(() => undefined, RpcError.from);
  assert.deepStrictEqual(items, [{ account: "c", cents: 2n }, { account: "c", cents: 1n }]);
  assert.ok(end?.is(Kinds, "Missing"));
  assert.deepStrictEqual(end.details, { cents: 2n });

  const short = await kinds.pay({ account: "a", cents: 105n }).then(() => undefined, RpcError.from);
  assert.ok(short?.is(Kinds, "Missing"));
  assert.deepStrictEqual(short.details, { cents: 5n });
  const nobody = await kinds.pay({ account: "nobody" }).then(() => undefined, RpcError.from);
  assert.ok(nobody?.is(Kinds, "NoAccount"));
  assert.equal(nobody.code, "not_found");
  const keyless = await kinds.pay({ cents: 5 }).then(() => undefined, RpcError.from);
  assert.deepEqual([keyless?.code, keyless?.outcome], ["invalid_argument", "not_sent"]);
});

Deno.test("contractFromProto takes what the contract says beside the files", () => {
  const contract = contractFromProto(`${TEXT}service P { rpc A (M) returns (M); }`, {
    name: "bank.P.v2",
    slots: 2,
    packing: false,
  });
  assert.deepEqual([contract.name, contract.slots, contract.packing], ["bank.P.v2", 2, false]);
  const foreign = contractFromProto(`${TEXT}service P { rpc A (M) returns (M); }`, { foreign: true });
  assert.equal(foreign.foreign, true);
  assert.throws(
    () => contractFromProto(kindsFiles, { service: "kinds.v1.Kinds", foreign: true }),
    /leave 'method\.stream\(\)' out/,
  );
  assert.throws(
    () => contractFromProto(kindsFiles, { codec: "json" } as never),
    /'codec' is no option; write one of service/,
  );
});

Deno.test("contractFromProto refuses a contract's rules with file and line", () => {
  const withOption = (option: string): string =>
    `${TEXT}import "rocket_actors/options.proto";\nservice P {\n rpc A (M) returns (M) { option ${option}; }\n}`;
  assert.throws(
    () => contractFromProto({ "a.proto": withOption("(rocket_actors.timeout_ms) = 0") }),
    /^TypeError: Cannot use a\.proto, line 3: .*'timeoutMs' must be from 1 to 86400000 ms/,
  );
  assert.throws(
    () => contractFromProto({ "a.proto": withOption('(rocket_actors.error) = { name: "then" }') }),
    /a\.proto, line 3: Cannot declare the error "then"/,
  );
  assert.throws(
    () => contractFromProto({ "a.proto": `${TEXT}\nservice P { rpc then (M) returns (M); }` }),
    /"then" is no method name/,
  );
});

Deno.test("contractFromProto reads a call of a stranger that holds google.protobuf.Empty", () => {
  const place = { contract: "kinds.v1.Kinds", method: "ping", part: "input" } as const;
  assert.deepEqual(Kinds.codec.decode(Uint8Array.of(0xc0, 0xa3, 0x09, 0x00), place), {});
});

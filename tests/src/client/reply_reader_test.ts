import assert from "node:assert/strict";
import type { Call } from "../../../src/call/call.ts";
import type { Ran } from "../../../src/call/inbound.ts";
import { readOutput } from "../../../src/client/reply_reader.ts";
import { placesOf } from "../../../src/codec/places.ts";
import type { BodyPlace, Codec } from "../../../src/codec/codec.ts";
import { json } from "../../../src/codec/json.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { type Schema, type } from "../../../src/contract/schema.ts";
import type { Contract } from "../../../src/contract/types.ts";
import type { DeclaredBody, Reply } from "../../../src/envelope/reply.ts";
import type { Code } from "../../../src/errors/code.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";

const errors = { Short: type<{ missing: number }>() };
const contract = defineService("test.Service", {
  run: method<unknown, unknown, { Short: { missing: number } }>({ errors }),
});
const positive: Schema<unknown, number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      typeof value === "number" && value > 0
        ? { value: value * 2 }
        : { issues: [{ message: "Not positive" }] },
  },
};

function read(reply: Reply, of: Contract = contract): unknown {
  const { kind, settings } = of.methods["run"] ?? assert.fail();
  const call: Call = {
    contract: of,
    method: "run",
    kind,
    settings,
    key: undefined,
    input: undefined,
    options: {},
  };
  return readOutput(call, "c1", reply, placesOf(of.name, "run"));
}

function ok(body: Uint8Array | undefined, type = json.contentType): Reply {
  return { id: "c1", ok: true, type, body };
}

function failed(code: Code, declared?: DeclaredBody, ran: Ran = "yes"): Reply {
  const error = new RpcError(code, "No", { outcome: "replied", callId: "c1" });
  return { id: "c1", ok: false, error, ran, declared };
}

function thrown(what: () => unknown): RpcError {
  try {
    what();
  } catch (error) {
    assert.ok(error instanceof RpcError);
    return error;
  }
  assert.fail("nothing was thrown");
}

Deno.test("readOutput() decodes the output by the contract's codec, which is told the place", () => {
  const places: (BodyPlace | undefined)[] = [];
  const codec: Codec = {
    ...json,
    decode: (bytes, place) => {
      places.push(place);
      return json.decode(bytes);
    },
  };
  const told = defineService("test.Told", contract.methods, { codec });
  assert.deepEqual(read(ok(json.encode({ a: 1 })), told), { a: 1 });
  assert.equal(read(ok(undefined), told), undefined);
  thrown(() => read(failed("not_found", { name: "Short", type: "", body: json.encode({}) }), told));
  assert.deepEqual(places, [
    { contract: "test.Told", method: "run", part: "output" },
    { contract: "test.Told", method: "run", part: "details", error: "Short" },
  ]);
});

Deno.test("readOutput() says of a reply that it cannot read that the call ran", () => {
  for (const reply of [ok(Uint8Array.of(0x7b)), ok(json.encode(1), "application/msgpack")]) {
    const error = thrown(() => read(reply));
    assert.deepEqual([error.code, error.outcome, error.callId], ["internal", "executed_reply_lost", "c1"]);
    assert.match(error.message, /Cannot read the reply/);
  }
  assert.equal(read(ok(json.encode(1), "")), 1, "a plain responder states no type");
});

Deno.test("readOutput() gives a declared error its name and details", () => {
  const declared = { name: "Short", type: json.contentType, body: json.encode({ missing: 5 }) };
  const error = thrown(() => read(failed("failed_precondition", declared)));
  assert.ok(error.is(contract, "Short"));
  assert.deepEqual([error.details.missing, error.outcome, error.callId, error.message], [
    5,
    "replied",
    "c1",
    "No",
  ]);
  const bare = thrown(() => read(failed("failed_precondition", { ...declared, body: undefined })));
  assert.deepEqual([bare.declared, bare.details], ["Short", undefined]);
});

Deno.test("readOutput() leaves an error by its code where its name or its details are not known", () => {
  const body = json.encode({ missing: 5 });
  for (const name of ["Other", "toString", "__proto__"]) {
    const error = thrown(() => read(failed("failed_precondition", { name, type: "", body })));
    assert.deepEqual([error.code, error.declared, error.details], [
      "failed_precondition",
      undefined,
      undefined,
    ]);
  }
  const broken = thrown(() =>
    read(failed("aborted", { name: "Short", type: "", body: Uint8Array.of(0x7b) }))
  );
  assert.deepEqual([broken.code, broken.outcome, broken.declared], ["aborted", "replied", undefined]);
  assert.ok(broken.cause instanceof TypeError);
  assert.equal(thrown(() => read(failed("not_found"))).code, "not_found");
});

Deno.test("readOutput() checks what a plain responder answered, and believes our own callees", async () => {
  const ours = defineService("test.Ours", { run: method({ output: positive }) });
  const foreign = defineService("test.Foreign", { run: method({ output: positive }) }, { foreign: true });
  assert.equal(read(ok(json.encode(-1)), ours), -1);
  assert.equal(read(ok(json.encode(2)), foreign), 4);
  const error = thrown(() => read(ok(json.encode(-1)), foreign));
  assert.deepEqual([error.code, error.outcome], ["internal", "executed_reply_lost"]);
  const validate = (value: unknown) => Promise.resolve(positive["~standard"].validate(value));
  const later: Schema<unknown, number> = { "~standard": { version: 1, vendor: "test", validate } };
  const slow = defineService("test.Slow", { run: method({ output: later }) }, { foreign: true });
  assert.equal(await read(ok(json.encode(2)), slow), 4);
  await assert.rejects(
    Promise.resolve(read(ok(json.encode(-1)), slow)),
    (error) => error instanceof RpcError && error.outcome === "executed_reply_lost" && error.callId === "c1",
  );
});

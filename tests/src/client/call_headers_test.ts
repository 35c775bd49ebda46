import assert from "node:assert/strict";
import { callHeaders, checkHeaderBytes } from "../../../src/client/call_headers.ts";
import type { CallOptions } from "../../../src/contract/call_options.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { requestOf } from "../../helpers/deliveries.ts";

function refusal(what: () => unknown): string {
  try {
    what();
  } catch (error) {
    assert.ok(error instanceof RpcError);
    assert.deepEqual([error.code, error.outcome], ["invalid_argument", "not_sent"]);
    return error.message;
  }
  return "none";
}

Deno.test("callHeaders() takes names of letters, digits, -, _ and ., with texts of any letters", () => {
  assert.equal(callHeaders({}).size, 0);
  assert.equal(callHeaders({ idempotencyKey: "k" }).size, 0);
  const headers = { tenant: "Bänk 100%", "x-Case.Kept_1": " a b " };
  assert.deepEqual(callHeaders({ headers }), new Map(Object.entries(headers)));
});

Deno.test("callHeaders() refuses what would not arrive as it is", () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ idempotencyKey: "" }, /'idempotencyKey': it must be a text/],
    [{ idempotencyKey: 5 }, /'idempotencyKey'/],
    [{ idempotencyKey: "\ud800" }, /'idempotencyKey'/],
    [{ headers: { "a b": "c" } }, /header "a b": use letters/],
    [{ headers: { "": "c" } }, /header "": use letters/],
    [{ headers: { [`${"x".repeat(65)}`]: "c" } }, /use letters/],
    [{ headers: { a: "" } }, /header "a": its value/],
    [{ headers: { a: 5 } }, /header "a": its value/],
    [{ headers: { a: "\udc00 b" } }, /header "a": its value/],
  ];
  for (const [options, message] of wrong) {
    // Programs without types pass anything.
    assert.match(refusal(() => callHeaders(options as CallOptions)), message);
  }
});

Deno.test("checkHeaderBytes() counts what travels: headers, idempotency key, chain", () => {
  const parts: readonly Partial<Request>[] = [
    { userHeaders: new Map([["a", "x".repeat(6_200)]]) },
    { userHeaders: new Map([["a", "ü".repeat(1_040)]]) },
    { idempotencyKey: "x".repeat(6_200) },
    { chain: ["x".repeat(3_100), "x".repeat(3_100)] },
  ];
  for (const part of parts) assert.equal(refusal(() => checkHeaderBytes(requestOf("c1", part))), "none");
  for (const one of parts) {
    for (const other of parts.filter((part) => Object.keys(part)[0] !== Object.keys(one)[0])) {
      assert.match(
        refusal(() => checkHeaderBytes(requestOf("c1", { ...one, ...other }))),
        /at most 12288 travel/,
      );
    }
  }
});

Deno.test("checkHeaderBytes() leaves state and baggage of a trace behind that find no room, rather than the call", () => {
  const bare = { traceparent: "00-1-2-01" };
  const small = { ...bare, tracestate: "a=b", baggage: "c=d" };
  assert.equal(checkHeaderBytes(requestOf("c1", { trace: small })), small);
  const headers = { userHeaders: new Map([["a", "x".repeat(9_000)]]) };
  assert.equal(checkHeaderBytes(requestOf("c1", { ...headers, trace: small })), small);
  // Each letter takes nine bytes on the wire.
  const escaped = { ...small, baggage: "€".repeat(400) };
  assert.deepEqual(checkHeaderBytes(requestOf("c1", { ...headers, trace: escaped })), bare);
  assert.deepEqual(
    checkHeaderBytes(requestOf("c1", { trace: { ...bare, baggage: "€".repeat(1_400) } })),
    bare,
  );
  assert.equal(checkHeaderBytes(requestOf("c1", headers)), undefined);
});

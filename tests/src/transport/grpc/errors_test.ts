import assert from "node:assert/strict";
import { RpcError } from "../../../../src/errors/rpc_error.ts";
import { ProxyError, type ProxyFailure } from "../../../../src/transport/grpc/client/error.ts";
import { isAbsent, toNotSent, toRpcError } from "../../../../src/transport/grpc/errors.ts";

function told(kind: ProxyFailure, code?: number): readonly [string, string] {
  const error = toRpcError(new ProxyError(kind, "x", { code }));
  assert.ok(error instanceof RpcError);
  return [error.code, error.outcome];
}

Deno.test("toRpcError claims no more than is known", () => {
  assert.deepEqual(told("not_sent"), ["unavailable", "not_sent"]);
  assert.deepEqual(told("unknown"), ["unavailable", "sent_unknown"]);
  assert.deepEqual(told("refused", 40_001), ["invalid_argument", "not_sent"]);
  assert.deepEqual(told("refused", 41_300), ["invalid_argument", "not_sent"]);
  assert.deepEqual(told("refused", 43_101), ["invalid_argument", "not_sent"]);
  assert.deepEqual(told("refused", 40_014), ["unavailable", "not_sent"]);
  assert.deepEqual(told("refused", 50_001), ["unavailable", "sent_unknown"]);
  assert.deepEqual(told("refused", 99_999), ["unavailable", "sent_unknown"]);
});

Deno.test("toRpcError tells an account that may not from one that is not known, which proxies do by their words only", () => {
  const refused = (message: string) => toRpcError(new ProxyError("refused", message, { code: 40_100 }));
  const may = refused(
    "40100: User:x has no permission to access Topic:T from 127.0.0.1, no matched policies.",
  );
  const known = refused("40100: User:x is not found.");
  assert.ok(may instanceof RpcError && known instanceof RpcError);
  assert.deepEqual([may.code, known.code], ["permission_denied", "unauthenticated"]);
});

Deno.test("toRpcError and toNotSent pass a signal's reason on unchanged", () => {
  const reason = new TypeError("no longer wanted");
  assert.equal(toRpcError(reason), reason);
  assert.equal(toNotSent(reason), reason);
});

Deno.test("toNotSent keeps the code, and says that nothing was stored", () => {
  const error = toNotSent(new ProxyError("refused", "x", { code: 50_001 }));
  assert.ok(error instanceof RpcError);
  assert.deepEqual([error.code, error.outcome], ["unavailable", "not_sent"]);
});

Deno.test("isAbsent knows a topic that is not there from everything else", () => {
  assert.ok(isAbsent(new ProxyError("refused", "x", { code: 40_402 })));
  assert.ok(!isAbsent(new ProxyError("refused", "x", { code: 50_001 })));
  assert.ok(!isAbsent(new TypeError("x")));
});

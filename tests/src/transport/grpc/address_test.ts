import assert from "node:assert/strict";
import { addressOf, instanceAt } from "../../../../src/transport/grpc/address.ts";
import { RpcError } from "../../../../src/errors/rpc_error.ts";

Deno.test("instanceAt reads what addressOf writes", () => {
  for (const instance of [1, 35, 7_777_777, Number.MAX_SAFE_INTEGER]) {
    assert.equal(instanceAt(addressOf(instance)), instance);
  }
});

Deno.test("instanceAt refuses what is no address of this transport, whatever it is", () => {
  for (
    const text of ["", "grpc:", "grpc:0", "grpc:A", "push:rkr1-1", "grpc:zzzzzzzzzzz", "x".repeat(9_999)]
  ) {
    assert.throws(() => instanceAt(text), (error: unknown) => {
      assert.ok(error instanceof RpcError);
      assert.ok(error.message.length < 300);
      return error.code === "invalid_argument" && error.outcome === "not_sent";
    }, text);
  }
});

import assert from "node:assert/strict";
import { refuse } from "../../../actors/cells/refuse.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";

const error = new RpcError("unavailable", "suspended");

Deno.test("refuse() says of a call that an earlier owner may have begun that it may have run", () => {
  for (const ranBefore of ["no", "maybe"] as const) {
    const call = new FakeCall("a");
    call.ranBefore = ranBefore;
    refuse(call, error);
    assert.deepEqual(call.results, [{ ok: false, error, ran: ranBefore }]);
  }
});

Deno.test("refuse() leaves a call alone that is nobody's any more", () => {
  const call = new FakeCall("a");
  call.claimable = false;
  refuse(call, error);
  assert.deepEqual(call.results, []);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { joinBodies, splitBodies } from "../../bench/broker/peers/native_pack.ts";

Deno.test("splitBodies() gives what joinBodies() was given", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 20 })), (bodies) => {
    assert.deepEqual(splitBodies(joinBodies(bodies)), bodies);
  }));
});

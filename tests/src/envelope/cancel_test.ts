import assert from "node:assert/strict";
import { cancelMessage, readCancel } from "../../../src/envelope/cancel.ts";
import { HEADER } from "../../../src/envelope/headers.ts";

Deno.test("cancelMessage() says which call is given up, and carries a body that brokers take", () => {
  const { tag, keys, headers, body } = cancelMessage("c1", "run");
  assert.deepEqual([tag, keys, body.length], ["run", ["c1"], 1]);
  assert.deepEqual(
    new Map(headers),
    new Map([[HEADER.version, "1"], [HEADER.kind, "cancel"], [HEADER.id, "c1"]]),
  );
  assert.equal(readCancel(headers), "c1");
});

Deno.test("readCancel() finds nothing where no call is named", () => {
  assert.equal(readCancel(new Map()), undefined);
});

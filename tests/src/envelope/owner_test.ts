import assert from "node:assert/strict";
import { HEADER } from "../../../src/envelope/headers.ts";
import { type Owner, readOwner, writeOwner } from "../../../src/envelope/owner.ts";

Deno.test("readOwner() reads what writeOwner() wrote", () => {
  const owner: Owner = { address: "push:rka1-5", queue: "bank-Payments/broker-a/3" };
  const headers = new Map<string, string>();
  writeOwner(owner, headers);
  assert.deepEqual(readOwner(headers), owner);
});

Deno.test("readOwner() reads nothing that is not whole, and nothing longer than addresses are", () => {
  assert.equal(readOwner(new Map()), undefined);
  for (
    const value of [
      "",
      " ",
      "push:rka1-5",
      " a/b/3",
      "push:rka1-5 ",
      "x".repeat(1_000) + " " + "y".repeat(100),
    ]
  ) {
    assert.equal(readOwner(new Map([[HEADER.direct, value]])), undefined, JSON.stringify(value.slice(0, 20)));
  }
});

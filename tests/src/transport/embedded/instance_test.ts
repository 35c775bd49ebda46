import assert from "node:assert/strict";
import { addressOf, clientAt, clientIdOf } from "../../../../src/transport/embedded/instance.ts";

Deno.test("clientAt() reads what addressOf() wrote, and no other text", () => {
  const clientId = clientIdOf("1a2b");
  assert.equal(clientAt(addressOf(clientId)), clientId);
  for (const text of ["", "embedded:", "embedded:someone", "push:rka1-1a2b", clientId]) {
    assert.equal(clientAt(text), undefined, text);
  }
});

import assert from "node:assert/strict";
import { EncodeWalk } from "../../../src/codec/encode_walk.ts";

Deno.test("EncodeWalk.refuse names path, codec and reason", () => {
  const walk = new EncodeWalk("JSON", 3);
  walk.path.push("a");
  assert.throws(() => walk.refuse("why not"), {
    name: "TypeError",
    message: "Cannot encode $.a as JSON: why not",
  });
});

Deno.test("EncodeWalk.refusal passes on its own refusal, and explains whatever else was thrown", () => {
  const walk = new EncodeWalk("JSON", 3);
  walk.path.push("a");
  let refused: unknown;
  try {
    walk.refuse("no");
  } catch (error) {
    refused = error;
  }
  assert.equal(walk.refusal(refused), refused);
  const cause = new RangeError("Maximum call stack size exceeded");
  const explained = walk.refusal(cause);
  assert.ok(explained instanceof TypeError);
  assert.equal(explained.message, "Cannot encode $.a as JSON: Maximum call stack size exceeded");
  assert.equal(explained.cause, cause);
  assert.equal(new EncodeWalk("JSON", 3).refusal(undefined).message, "Cannot encode $ as JSON: undefined");
});

Deno.test("EncodeWalk.enter refuses what is around already, and one level too many", () => {
  const walk = new EncodeWalk("JSON", 2);
  const [outer, inner] = [{}, {}];
  walk.enter(outer);
  walk.enter(inner);
  assert.throws(() => walk.enter(outer), /refers back to what it is part of$/);
  assert.throws(() => walk.enter({}), /at most 2 levels deep$/);
  walk.leave();
  // The same value twice side by side is no cycle.
  walk.enter(inner);
});

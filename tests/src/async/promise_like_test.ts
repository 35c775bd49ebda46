import assert from "node:assert/strict";
import { isPromiseLike } from "../../../src/async/promise_like.ts";

Deno.test("isPromiseLike knows promises and whatever has a then, and nothing else", () => {
  assert.ok(isPromiseLike(Promise.resolve()) && isPromiseLike({ then: () => {} }));
  for (const value of [undefined, null, 1, "then", {}, { then: 1 }, () => {}]) {
    assert.ok(!isPromiseLike(value));
  }
});

Deno.test("isPromiseLike throws what a getter throws", () => {
  const hostile = {
    get then() {
      throw new RangeError("no");
    },
  };
  assert.throws(() => isPromiseLike(hostile), RangeError);
});

import assert from "node:assert/strict";
import { Backoff } from "../../../src/async/backoff.ts";

Deno.test("Backoff draws evenly below a bound that doubles up to its maximum", () => {
  const backoff = new Backoff({ initialMs: 100, maxMs: 500, random: () => 0.5 });
  assert.deepEqual([backoff.next(), backoff.next(), backoff.next(), backoff.next(), backoff.next()], [
    50,
    100,
    200,
    250,
    250,
  ]);
});

Deno.test("Backoff starts over after reset", () => {
  const backoff = new Backoff({ initialMs: 10, maxMs: 1_000, factor: 10, random: () => 1 });
  assert.deepEqual([backoff.next(), backoff.next()], [10, 100]);
  backoff.reset();
  assert.equal(backoff.next(), 10);
});

Deno.test("Backoff never waits longer than its bound by chance", () => {
  const backoff = new Backoff({ initialMs: 100, maxMs: 100 });
  for (let index = 0; index < 100; index++) {
    const waitMs = backoff.next();
    assert.ok(waitMs >= 0 && waitMs < 100);
  }
});

Deno.test("Backoff refuses bounds that make no sense", () => {
  assert.throws(() => new Backoff({ initialMs: 2, maxMs: 1 }), RangeError);
  assert.throws(() => new Backoff({ initialMs: -1, maxMs: 1 }), RangeError);
  assert.throws(() => new Backoff({ initialMs: 1, maxMs: Infinity }), RangeError);
  assert.throws(() => new Backoff({ initialMs: 1, maxMs: 2, factor: 0.5 }), RangeError);
});

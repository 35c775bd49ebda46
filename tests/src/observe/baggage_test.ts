import assert from "node:assert/strict";
import { propagation } from "@opentelemetry/api";
import fc from "fast-check";
import { readBaggage, writeBaggage } from "../../../src/observe/baggage.ts";

Deno.test("readBaggage reads entries, and leaves out what is malformed", () => {
  const baggage = readBaggage(" a = 1 , b=%20x;p=1;q, =3, c=%ZZ, no, d=, __proto__=x");
  assert.deepEqual(baggage?.getAllEntries().map(([key, { value }]) => [key, value]), [
    ["a", "1"],
    ["b", " x"],
    ["d", ""],
  ]);
  for (const header of [undefined, "", ",,,", "=", "x".repeat(4_097)]) {
    assert.equal(readBaggage(header), undefined);
  }
});

Deno.test("readBaggage reads at most 64 entries", () => {
  const header = Array.from({ length: 100 }, (_, index) => `k${index}=v`).join(",");
  assert.equal(readBaggage(header)?.getAllEntries().length, 64);
});

Deno.test("writeBaggage writes what readBaggage reads, at most 4 KiB of it", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ maxLength: 200 }), { maxKeys: 80 }),
      (given) => {
        const entries = Object.fromEntries(
          Object.entries(given).filter(([, value]) => value.isWellFormed()).map((
            [key, value],
          ) => [key, { value }]),
        );
        const header = writeBaggage(propagation.createBaggage(entries));
        assert.ok((header?.length ?? 0) <= 4_096);
        for (const [key, { value }] of readBaggage(header)?.getAllEntries() ?? []) {
          assert.equal(value, entries[key]?.value);
        }
        if (JSON.stringify(entries).length < 1_000) {
          assert.equal(readBaggage(header)?.getAllEntries().length ?? 0, Object.keys(entries).length);
        }
      },
    ),
  );
  assert.equal(writeBaggage(undefined), undefined);
});

Deno.test("writeBaggage leaves out what cannot be written", () => {
  const baggage = propagation.createBaggage({
    "a b": { value: "x" },
    lone: { value: "\ud800" },
    c: { value: "y" },
  });
  assert.equal(writeBaggage(baggage), "c=y");
});

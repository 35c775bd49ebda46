import assert from "node:assert/strict";
import fc from "fast-check";
import { WholeNumber } from "../../../src/envelope/whole_number.ts";

Deno.test("WholeNumber writes and reads any whole number, whichever came before", () => {
  const number = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 999_999_999_999_999 }));
  fc.assert(fc.property(fc.array(number, { maxLength: 20 }), (values) => {
    const form = new WholeNumber();
    for (const value of values) {
      assert.equal(form.write(value), String(value));
      assert.equal(form.read(String(value)), value);
    }
  }));
});

Deno.test("WholeNumber rounds up, and reads nothing but digits", () => {
  const form = new WholeNumber();
  assert.deepEqual([form.write(1.2), form.write(1.2), form.write(2)], ["2", "2", "2"]);
  for (const text of ["", "-1", "1.5", "1e3", " 1", "1234567890123456", "x"]) {
    assert.equal(form.read("7"), 7);
    assert.equal(form.read(text), undefined);
  }
});

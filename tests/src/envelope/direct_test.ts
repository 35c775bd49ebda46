import assert from "node:assert/strict";
import fc from "fast-check";
import { readDirect, writeDirect } from "../../../src/envelope/direct.ts";

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 30 }).map((value) => value.toWellFormed());

const topic = fc.stringMatching(/^[A-Za-z0-9_%-]{1,20}$/);

Deno.test("readDirect reads what writeDirect wrote, which is printable ASCII", () => {
  fc.assert(fc.property(text, topic, text, fc.nat(999_999_999), (address, topic, broker, id) => {
    const written = writeDirect({ address, topic, broker, id });
    assert.match(written, /^[\x21-\x7e]+ [\x21-\x7e]+\/[\x21-\x7e]+\/[0-9]+$/);
    assert.deepEqual(readDirect(written), { address, topic, broker, id });
  }));
});

Deno.test("writeDirect keeps an address as it is, so that a console shows it", () => {
  assert.equal(
    writeDirect({ address: "push:rka1-7", topic: "bank-A", broker: "b-a", id: 3 }),
    "push:rka1-7 bank-A/b-a/3",
  );
});

Deno.test("readDirect finds nothing in anything else, whatever a peer sent", () => {
  const wrong = [
    "",
    " ",
    "a",
    "a ",
    "a b",
    "a b/",
    "a /1",
    " b/1",
    "a b/x",
    "a b/1",
    "a t//1",
    "a /b/1",
    "a t/b/x",
    "a b/-1",
    "a b/1234567890",
    "a/1",
  ];
  for (const value of [undefined, ...wrong]) assert.equal(readDirect(value), undefined, value);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    const found = readDirect(value);
    assert.ok(found === undefined || (found.address !== "" && found.broker !== "" && found.id >= 0));
  }));
});

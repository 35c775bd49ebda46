import assert from "node:assert/strict";
import fc from "fast-check";
import { cutText, escapeHeader, HEADER, unescapeHeader } from "../../../src/envelope/headers.ts";

/** Any text there is: also lone surrogates, U+FEFF, control characters. */
const anyText = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("\ufeff", "%", "%41", "a", "\ud800", "\udc00", "é", "𝄞") }),
);

Deno.test("HEADER names are legal on every protocol, each once", () => {
  const names = Object.values(HEADER);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^rpc-[a-z]+$/);
});

Deno.test("escapeHeader writes printable ASCII only, and unescapeHeader reads it back", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const escaped = escapeHeader(text);
      assert.match(escaped, /^[\x20-\x7e]*$/);
      assert.equal(unescapeHeader(escaped), text.toWellFormed());
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("escapeHeader keeps U+FEFF, also where a text begins with it", () => {
  assert.equal(escapeHeader("\ufeffa"), "%EF%BB%BFa");
  assert.equal(unescapeHeader("%EF%BB%BFa"), "\ufeffa");
});

Deno.test("escapeHeader leaves what is legal as it is, and percent-encodes the rest by its UTF-8 bytes", () => {
  assert.equal(escapeHeader("a b~"), "a b~");
  assert.equal(escapeHeader("100%"), "100%25");
  assert.equal(escapeHeader("ü\u0001𝄞"), "%C3%BC%01%F0%9D%84%9E");
  assert.equal(escapeHeader("\ud800"), "%EF%BF%BD");
});

Deno.test("unescapeHeader never throws, whatever a peer sent", () => {
  assert.equal(unescapeHeader("%"), "%");
  assert.equal(unescapeHeader("%4"), "%4");
  assert.equal(unescapeHeader("%zz%41"), "%zzA");
  assert.equal(unescapeHeader("%C3"), "\ufffd");
});

Deno.test("cutText keeps whole characters, as many as fit", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(60), (text, bytes) => {
      const whole = text.toWellFormed();
      const cut = cutText(whole, bytes);
      const size = new TextEncoder().encode(cut).length;
      assert.ok(whole.startsWith(cut));
      assert.ok(cut.isWellFormed());
      assert.ok(size <= bytes);
      const [next] = whole.slice(cut.length);
      if (next !== undefined) assert.ok(size + new TextEncoder().encode(next).length > bytes);
    }),
    { numRuns: 1_000 },
  );
});

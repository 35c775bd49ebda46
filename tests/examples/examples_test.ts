import assert from "node:assert/strict";
import { examples, fits, run } from "./example.ts";

Deno.test("every example says what it prints", () => {
  const named = examples().map(({ file }) => file);
  const programs = [...Deno.readDirSync(new URL("../../examples/", import.meta.url))]
    .map(({ name }) => name)
    .filter((name) => /^\d\d_.*\.ts$|^bank\.ts$/.test(name));
  assert.deepEqual(named, programs.sort());
});

for (const { file, prints } of examples()) {
  Deno.test(`examples/${file} prints what it says`, async () => {
    const text = await run(file);
    if (!fits(text, prints)) assert.equal(text, prints);
  });
}

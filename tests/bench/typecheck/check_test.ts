import assert from "node:assert/strict";
import { childSeconds, timedCheck } from "../../../bench/typecheck/check.ts";

Deno.test("childSeconds() adds what the children used, not the shell", () => {
  assert.equal(childSeconds("0m9.000s 0m9.000s\n1m1.500s 0m0.250s\n"), 61.75);
  assert.equal(childSeconds("0m0.00s 0m0.00s\n0m2.50s 0m0.50s\n"), 3);
  assert.throws(() => childSeconds("0m9.000s 0m9.000s\n"), /cannot be read/);
});

Deno.test("timedCheck() takes programs that compile, and names those that do not", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rocket-actors-types-" });
  try {
    const timing = await timedCheck(`${folder}/good.ts`, `export const n: number = 5;\n`, "good");
    assert.ok(timing.seconds > 0 && timing.processorSeconds > 0);
    await assert.rejects(
      timedCheck(`${folder}/bad.ts`, `export const n: number = "5";\n`, "bad"),
      { message: /^The program "bad" does not compile: [^]*TS2322/ },
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

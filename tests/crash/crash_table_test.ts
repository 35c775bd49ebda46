import assert from "node:assert/strict";
import { fateOf, OWNERSHIPS, PROMISES, type Step, STEPS, STORES } from "./crash_table.ts";
import { CrashStage } from "./stage.ts";

for (const ownership of OWNERSHIPS) {
  for (const step of Object.keys(STEPS) as Step[]) {
    for (const stored of STORES) {
      for (const promised of PROMISES) {
        Deno.test(`${ownership}: a call, ${promised}, ${stored}: ${step} ${STEPS[step]}`, async () => {
          await using stage = new CrashStage(ownership, stored);
          assert.deepEqual(await stage.play(step, promised), fateOf(ownership, step, stored, promised));
        });
      }
    }
  }
}

import assert from "node:assert/strict";
import { CRASH_TABLE, PROMISES, type Step, STEPS, STORES } from "./crash_table.ts";
import { CrashStage } from "./stage.ts";

for (const step of Object.keys(STEPS) as Step[]) {
  for (const stored of STORES) {
    for (const promised of PROMISES) {
      Deno.test(`a call, ${promised}, ${stored}: ${step} ${STEPS[step]}`, async () => {
        await using stage = new CrashStage(stored);
        assert.deepEqual(await stage.play(step, promised), CRASH_TABLE[step][stored][promised]);
      });
    }
  }
}

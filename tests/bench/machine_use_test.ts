import assert from "node:assert/strict";
import { machineUse, machineUseOf, othersShare } from "../../bench/broker/machine_use.ts";

const STAT = "cpu  100 10 50 800 20 5 7 8 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\nintr 5\n";

Deno.test("machineUseOf() adds programs, kernel and stolen time up, and leaves interrupts out", () => {
  assert.deepEqual(machineUseOf(STAT), { busyUs: 1_680_000, totalUs: 10_000_000 });
  assert.throws(() => machineUseOf("intr 5"), TypeError);
  assert.throws(() => machineUseOf("cpu  1 2 3\n"), TypeError);
});

Deno.test("othersShare() is what went to nobody who was measured", () => {
  const before = { busyUs: 1_000_000, totalUs: 10_000_000 };
  const after = { busyUs: 2_500_000, totalUs: 12_000_000 };
  assert.equal(othersShare(before, after, 1_000_000), 0.25);
  assert.equal(othersShare(before, after, 1_510_000), 0);
  assert.equal(othersShare(before, before, 0), 0);
});

Deno.test("machineUse() reads this machine's, where it has /proc", async () => {
  const use = await machineUse();
  if (Deno.build.os === "linux") assert.ok(use !== undefined && use.totalUs > use.busyUs);
});

import assert from "node:assert/strict";
import { kindOf } from "../../../bench/growth/kind.ts";
import { SCENARIO_NAMES } from "../../../bench/growth/scenarios.ts";
import { settingsFrom } from "../../../bench/growth/settings.ts";

Deno.test("settingsFrom() of growth runs every scenario, with a backlog of a million", () => {
  assert.deepEqual(settingsFrom([]), {
    scenarios: SCENARIO_NAMES,
    seconds: 4,
    warmUp: 3,
    rounds: 3,
    backlog: 1_000_000,
    quick: false,
    brokerPid: undefined,
  });
});

Deno.test("settingsFrom() of growth lets flags win over --quick, and refuses what makes no sense", () => {
  const settings = settingsFrom(["--quick", "--scenarios", "queues,backlog", "--backlog", "500"]);
  assert.deepEqual(settings.scenarios, ["queues", "backlog"]);
  assert.deepEqual([settings.rounds, settings.backlog, settings.quick], [1, 500, true]);
  assert.throws(() => settingsFrom(["--scenarios", "weather"]), { name: "TypeError", message: /"weather"/ });
  assert.throws(() => settingsFrom(["--backlog", "0"]), { name: "RangeError", message: /--backlog/ });
});

Deno.test("kindOf() refuses what its programs do not serve", () => {
  assert.equal(kindOf("keys"), "keys");
  assert.throws(() => kindOf("everything"), { name: "TypeError", message: /"everything"/ });
});

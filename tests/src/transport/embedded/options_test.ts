import assert from "node:assert/strict";
import { brokerSettings } from "../../../../src/transport/embedded/options.ts";

Deno.test("brokerSettings() fills in what is left out", () => {
  assert.deepEqual(brokerSettings({}), {
    ownership: "offset",
    clock: undefined,
    file: undefined,
    retainedMessages: 100_000,
    retainedBytes: 256 * 1024 * 1024,
    retainedMs: 3_600_000,
    takeoverGraceMs: 3_000,
    redeliverAfterMs: 30_000,
  });
  assert.equal(brokerSettings({ ownership: "perMessage", takeoverGraceMs: 0 }).takeoverGraceMs, 0);
});

Deno.test("brokerSettings() says what an option must be", () => {
  const cases = [
    ["retainedMessages", 0],
    ["retainedBytes", 1.5],
    ["retainedMs", -1],
    ["takeoverGraceMs", NaN],
    ["redeliverAfterMs", 0],
  ] as const;
  for (const [name, value] of cases) {
    assert.throws(() => brokerSettings({ [name]: value }), {
      name: "RangeError",
      message: new RegExp(
        `^Cannot use '${name}': it must be a whole number from [01]: current value is ${value}$`,
      ),
    });
  }
  const wrong: unknown = { ownership: "both" };
  assert.throws(() => Reflect.apply(brokerSettings, undefined, [wrong]), {
    name: "TypeError",
    message: `Cannot use 'ownership': it must be "offset" or "perMessage": current value is "both"`,
  });
});

import assert from "node:assert/strict";
import { settingsFrom } from "../../../bench/overload/settings.ts";
import { fateOf } from "../../../bench/overload/window.ts";

Deno.test("settingsFrom() of the overload has defaults for everything, and refuses what makes no sense", () => {
  const { transport, factor, seconds, timeoutMs, minRemainingMs } = settingsFrom([]);
  assert.deepEqual([transport, factor, seconds], ["embedded", 10, 60]);
  assert.ok(minRemainingMs < timeoutMs);
  assert.equal(settingsFrom(["--transport", "remoting"]).transport, "remoting");
  assert.throws(() => settingsFrom(["--transport", "pigeon"]), { name: "TypeError", message: /--transport/ });
  assert.throws(() => settingsFrom(["--factor", "0"]), { name: "RangeError", message: /--factor/ });
  assert.throws(() => settingsFrom(["--min-remaining-ms", "6000"]), {
    name: "RangeError",
    message: /below --timeout-ms/,
  });
});

Deno.test("fateOf() says what an overload does to a call, and calls everything else other", () => {
  assert.equal(fateOf({ code: "deadline_exceeded", outcome: "not_sent" }), "never sent");
  assert.equal(fateOf({ code: "deadline_exceeded", outcome: "expired" }), "expired");
  assert.equal(fateOf({ code: "deadline_exceeded", outcome: "sent_unknown" }), "unknown");
  assert.equal(fateOf({ code: "deadline_exceeded", outcome: "executed_reply_lost" }), "late");
  assert.equal(fateOf({ code: "resource_exhausted", outcome: "not_sent" }), "other");
});

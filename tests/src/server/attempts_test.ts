import assert from "node:assert/strict";
import { attemptOf, isSuspect, startsBefore } from "../../../src/server/attempts.ts";

Deno.test("startsBefore adds what earlier messages and the marks of this one count", () => {
  const rows = [
    // attempt, copied while it ran, marks; starts before, next attempt, suspect
    [1, false, 0, 0, 1, false],
    [1, false, 1, 1, 2, true],
    [1, false, 2, 2, 3, true],
    [1, false, 3, 3, 3, true],
    [2, false, 0, 1, 2, false],
    [2, false, 1, 2, 3, true],
    [3, false, 1, 3, 3, true],
    // The copy of a running call counts that run once, marked or not.
    [1, true, 0, 1, 2, true],
    [1, true, 1, 1, 2, true],
    [1, true, 2, 2, 3, true],
    [2, true, 0, 2, 3, true],
    [3, true, 1, 3, 3, true],
    // A caller's claim lowers nothing, and ends nothing that never ran.
    [99, false, 0, 2, 3, false],
    [99, false, 1, 3, 3, true],
    [0, false, 0, 0, 1, false],
    [0, false, 2, 2, 3, true],
  ] as const;
  for (const [attempt, started, starts, before, next, suspect] of rows) {
    const row = JSON.stringify([attempt, started, starts]);
    assert.equal(startsBefore({ attempt, started }, { starts }), before, row);
    assert.equal(attemptOf({ attempt, started }, { starts }), next, row);
    assert.equal(isSuspect({ attempt, started }, { starts }), suspect, row);
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { Seen } from "../../../bench/express/seen.ts";

Deno.test("Seen.add() knows the last ids again, and has no more than twice as many in mind", () => {
  const ids = fc.array(fc.integer({ min: 0, max: 12 }).map(String), { maxLength: 60 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 6 }), ids, (most, all) => {
    const seen = new Seen(most);
    const fresh: string[] = [];
    for (const id of all) {
      const isNew = seen.add(id);
      if (fresh.slice(-most).includes(id)) assert.equal(isNew, false);
      if (!fresh.slice(-2 * most).includes(id)) assert.equal(isNew, true);
      if (isNew) fresh.push(id);
    }
  }));
});

import assert from "node:assert/strict";
import { EntityFixture } from "../../helpers/entity_fixture.ts";
import { heapUsed } from "../../helpers/heap.ts";
import { turns } from "../../helpers/settled.ts";

const KEYS = 50_000;
const MIB = 1024 * 1024;

for (const kind of ["without stop hooks", "with stop hooks"]) {
  Deno.test(`EntityCells keep the heap flat while ${KEYS} keys ${kind} are touched in turn`, async () => {
    const hook = kind === "with stop hooks" ? { [Symbol.asyncDispose]: () => Promise.resolve() } : {};
    const make = (key: string) => ({ key, entries: [key], ...hook });
    const fixture = new EntityFixture(make, (state) => state, { maxCells: 1_000 });
    let answered = 0;
    const touch = async (from: number, to: number) => {
      for (let index = from; index < to; index++) {
        const call = fixture.call(`key-${index}`);
        while (!fixture.cells.deliver(call)) await turns(1);
        answered += call.results.length;
      }
    };
    await touch(0, 5_000);
    const before = heapUsed();
    await touch(5_000, KEYS);
    const grownMib = (heapUsed() - before) / MIB;
    assert.deepEqual([answered, fixture.cells.counts.activations], [KEYS, KEYS]);
    assert.ok(fixture.cells.size <= 1_000 && fixture.clock.timers <= 1);
    assert.ok(grownMib < 2, `the heap grew by ${grownMib.toFixed(1)} MiB`);
    fixture.clock.advance(60_000);
    while (fixture.cells.size > 0) {
      await turns(1);
      fixture.clock.advance(1);
    }
    assert.equal(fixture.clock.timers, 0);
  });
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { Admission } from "../../../src/client/admission.ts";

/** Makes a candidate out of what it does when it is let in late. */
function candidate(proceed: () => void): { readonly proceed: () => void } {
  return { proceed };
}

Deno.test("Admission lets in as many as its bound, the others in order as room comes", () => {
  const admission = new Admission(2);
  const order: number[] = [];
  const calls = [0, 1, 2, 3].map((index) => {
    const call = candidate(() => order.push(index));
    if (admission.enter(call)) order.push(index);
    return call;
  });
  const leave = (index: number): void => {
    const call = calls[index];
    if (call !== undefined) admission.leave(call);
  };
  assert.deepEqual([order, admission.inside, admission.waiting], [[0, 1], 2, 2]);
  leave(1);
  assert.deepEqual([order, admission.inside, admission.waiting], [[0, 1, 2], 2, 1]);
  leave(0);
  leave(2);
  leave(3);
  assert.deepEqual([order, admission.inside, admission.waiting], [[0, 1, 2, 3], 0, 0]);
});

Deno.test("Admission forgets a call that ended while it waited", () => {
  const admission = new Admission(1);
  const inside = candidate(() => assert.fail("was let in at once"));
  admission.enter(inside);
  const waiting = candidate(() => assert.fail("had ended"));
  admission.enter(waiting);
  admission.leave(waiting);
  assert.equal(admission.waiting, 0);
  admission.leave(inside);
  assert.equal(admission.inside, 0);
});

Deno.test("Admission holds any number of calls that end as soon as they are let in", () => {
  const admission = new Admission(1);
  const first = candidate(() => {});
  admission.enter(first);
  let ended = 0;
  for (let index = 0; index < 50_000; index++) {
    const call = candidate(() => {
      ended++;
      admission.leave(call);
    });
    admission.enter(call);
  }
  admission.leave(first);
  assert.deepEqual([ended, admission.inside, admission.waiting], [50_000, 0, 0]);
});

Deno.test("Admission never exceeds its bound nor leaves room unused, in any order of events", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 60 }),
    (limit, steps) => {
      const admission = new Admission(limit);
      const open = new Map<{ readonly proceed: () => void }, { entered: boolean }>();
      for (const step of steps) {
        const calls = [...open.keys()];
        const chosen = step === undefined ? undefined : calls[step % Math.max(1, calls.length)];
        if (chosen === undefined) {
          const state = { entered: false };
          const call = candidate(() => state.entered = true);
          open.set(call, state);
          if (admission.enter(call)) state.entered = true;
        } else {
          open.delete(chosen);
          admission.leave(chosen);
        }
        const states = [...open.values()];
        const entered = states.filter((state) => state.entered).length;
        assert.equal(entered, Math.min(limit, states.length));
        assert.deepEqual([admission.inside, admission.waiting], [entered, states.length - entered]);
        assert.deepEqual(
          states.map((state) => state.entered).lastIndexOf(true),
          entered - 1,
          "first come, first in",
        );
      }
    },
  ));
});

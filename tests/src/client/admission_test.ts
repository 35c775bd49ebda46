import assert from "node:assert/strict";
import fc from "fast-check";
import { Admission } from "../../../src/client/admission.ts";

Deno.test("Admission lets in as many as its bound, the others in order as room comes", () => {
  const admission = new Admission(2);
  const order: number[] = [];
  const tickets = [0, 1, 2, 3].map((index) => {
    const ticket = admission.finisher();
    if (admission.enter(() => order.push(index), ticket)) order.push(index);
    return ticket;
  });
  assert.deepEqual([order, admission.inside, admission.waiting], [[0, 1], 2, 2]);
  tickets[1]?.();
  assert.deepEqual([order, admission.inside, admission.waiting], [[0, 1, 2], 2, 1]);
  tickets[0]?.();
  tickets[2]?.();
  tickets[3]?.();
  assert.deepEqual([order, admission.inside, admission.waiting], [[0, 1, 2, 3], 0, 0]);
});

Deno.test("Admission forgets a call that ended while it waited", () => {
  const admission = new Admission(1);
  const inside = admission.finisher();
  admission.enter(() => assert.fail("was let in at once"), inside);
  const waiting = admission.finisher();
  admission.enter(() => assert.fail("had ended"), waiting);
  waiting();
  assert.equal(admission.waiting, 0);
  inside();
  assert.equal(admission.inside, 0);
});

Deno.test("Admission holds any number of calls that end as soon as they are let in", () => {
  const admission = new Admission(1);
  const first = admission.finisher();
  admission.enter(() => {}, first);
  let ended = 0;
  for (let index = 0; index < 50_000; index++) {
    const ticket = admission.finisher();
    admission.enter(() => {
      ended++;
      ticket();
    }, ticket);
  }
  first();
  assert.deepEqual([ended, admission.inside, admission.waiting], [50_000, 0, 0]);
});

Deno.test("Admission never exceeds its bound nor leaves room unused, in any order of events", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 60 }),
    (limit, steps) => {
      const admission = new Admission(limit);
      const open = new Map<() => void, { entered: boolean }>();
      for (const step of steps) {
        const tickets = [...open.keys()];
        const chosen = step === undefined ? undefined : tickets[step % Math.max(1, tickets.length)];
        if (chosen === undefined) {
          const state = { entered: false };
          const ticket = admission.finisher();
          open.set(ticket, state);
          if (admission.enter(() => state.entered = true, ticket)) state.entered = true;
        } else {
          open.delete(chosen);
          chosen();
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

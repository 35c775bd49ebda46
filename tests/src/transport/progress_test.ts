import assert from "node:assert/strict";
import fc from "fast-check";
import { Progress, type ProgressEntry, startsBelow } from "../../../src/transport/progress.ts";

/** One step of a partition's life; `which` chooses among the messages received so far. */
interface Step {
  readonly kind: "add" | "skip" | "start" | "ack" | "look";
  readonly which: number;
  readonly gap: number;
  readonly starts: number;
}

/** The same promises, computed from scratch each time. */
class NaiveProgress {
  readonly entries: ProgressEntry[] = [];
  next: number;

  constructor(from: number) {
    this.next = from;
  }

  commit(): number {
    return this.entries.find((entry) => !entry.acked)?.offset ?? this.next;
  }

  mark(level: number): number {
    const short = (entry: ProgressEntry) => !entry.acked && entry.starts + Number(entry.started) < level;
    return this.entries.find(short)?.offset ?? this.next;
  }
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("add", "add", "skip", "start", "ack", "ack", "look"),
  which: fc.nat(),
  gap: fc.nat(2),
  starts: fc.nat(3),
});

Deno.test("Progress commits and marks as a naive model does, in any order of starts and settlements", () => {
  fc.assert(
    fc.property(fc.nat(5), fc.array(anyStep, { maxLength: 120 }), (from, steps) => {
      const progress = new Progress(from);
      const model = new NaiveProgress(from);
      const entries: ProgressEntry[] = [];
      for (const { kind, which, gap, starts } of steps) {
        const chosen = entries.length === 0 ? -1 : which % entries.length;
        const entry = entries[chosen];
        const twin = model.entries[chosen];
        if (kind === "add") {
          const offset = model.next + gap;
          entries.push(progress.add(offset, starts));
          model.entries.push({ offset, starts, started: false, acked: false });
          model.next = offset + 1;
        } else if (kind === "skip") {
          progress.skipTo(model.next + gap);
          model.next += gap;
        } else if (kind === "start" && entry !== undefined && twin !== undefined) {
          entry.started = twin.started = true;
        } else if (kind === "ack" && entry !== undefined && twin !== undefined) {
          entry.acked = twin.acked = true;
        } else {
          assert.equal(progress.commit(), model.commit());
          assert.deepEqual(
            [1, 2, 3].map((level) => progress.mark(level)),
            [1, 2, 3].map((l) => model.mark(l)),
          );
        }
        assert.equal(progress.next, model.next);
      }
      assert.equal(progress.commit(), model.commit());
      assert.equal(progress.open, model.entries.filter(({ offset }) => offset >= model.commit()).length);
      assert.deepEqual([1, 2, 3].map((level) => progress.mark(level)), [1, 2, 3].map((l) => model.mark(l)));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("Progress forgets what is settled and still knows every offset", () => {
  const progress = new Progress(0);
  const late = progress.add(0, 0);
  const entries = Array.from({ length: 5_000 }, (_, index) => progress.add(index + 1, 0));
  for (const entry of entries) entry.started = entry.acked = true;
  assert.deepEqual([progress.commit(), progress.mark(1), progress.open], [0, 0, 5_001]);
  late.acked = true;
  assert.deepEqual([progress.commit(), progress.open], [5_001, 0]);
  const last = progress.add(5_001, 1);
  assert.deepEqual([progress.mark(1), progress.mark(2), progress.commit()], [5_002, 5_001, 5_001]);
  last.started = true;
  assert.deepEqual([progress.mark(2), progress.mark(3), progress.open], [5_002, 5_001, 1]);
});

Deno.test("startsBelow counts the marks above an offset", () => {
  assert.deepEqual([0, 4, 5, 9, 10].map((offset) => startsBelow([10, 5, 0], offset)), [2, 2, 1, 1, 0]);
});

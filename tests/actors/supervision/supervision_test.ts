import assert from "node:assert/strict";
import type { ChildSpec } from "../../../actors/supervision/child.ts";
import { checkSpec, SUPERVISION_DEFAULTS, supervisionOf } from "../../../actors/supervision/supervision.ts";

const start: ChildSpec["start"] = () => ({ stop: () => {} });

/** What a program without types may write. */
function untyped<T>(value: unknown): T {
  // What is wrong with it is what the test is about.
  return value as T;
}

Deno.test("supervisionOf completes what is left out", () => {
  assert.deepEqual(supervisionOf(), {
    strategy: "one_for_one",
    intensity: 5,
    periodMs: 10_000,
    backoff: { initialMs: 100, factor: 2, maxMs: 10_000 },
    onGiveUp: "suspend",
  });
  const own = { strategy: "rest_for_one", intensity: 0, periodMs: 1, onGiveUp: "escalate" } as const;
  assert.deepEqual(supervisionOf({ ...own, backoff: { initialMs: 5 } }), {
    ...own,
    backoff: { ...SUPERVISION_DEFAULTS.backoff, initialMs: 5 },
  });
});

Deno.test("supervisionOf takes undefined for left out", () => {
  const nothing = { strategy: undefined, intensity: undefined, backoff: { maxMs: undefined } };
  assert.deepEqual(supervisionOf(untyped(nothing)), supervisionOf());
});

Deno.test("supervisionOf says what to write instead", () => {
  const wrong: readonly (readonly [options: unknown, says: RegExp])[] = [
    [{ strategy: "all" }, /'strategy'.*"one_for_one", "one_for_all", "rest_for_one": current value is all$/],
    [{ onGiveUp: "close" }, /'onGiveUp'.*"suspend", "escalate": current value is close$/],
    [{ intensity: 1.5 }, /'intensity'.*whole number from 0 to 1000: current value is 1.5$/],
    [{ periodMs: 0 }, /'periodMs'.*from 1 to 86400000: current value is 0$/],
    [{ periodMs: "10" }, /'periodMs'.*current value is 10$/],
    [{ backoff: { initialMs: 20_000 } }, /'backoff.initialMs'.*from 0 to 10000: current value is 20000$/],
    [{ backoff: { maxMs: Infinity } }, /'backoff.maxMs'.*from 1 to 86400000: current value is Infinity$/],
    [{ backoff: { factor: 0.5 } }, /'backoff.factor'.*from 1 to 1000: current value is 0.5$/],
  ];
  for (const [options, says] of wrong) assert.throws(() => supervisionOf(untyped(options)), says);
});

Deno.test("checkSpec completes a worker and a supervisor differently", () => {
  const worker = checkSpec({ id: "a", start });
  assert.deepEqual([worker.restart, worker.shutdownMs, worker.startMs, worker.kind], [
    "permanent",
    5_000,
    30_000,
    "worker",
  ]);
  const supervisor = checkSpec({ id: "a", start, type: "supervisor" });
  assert.deepEqual([supervisor.shutdownMs, supervisor.startMs, supervisor.kind], [
    Infinity,
    Infinity,
    "supervisor",
  ]);
  assert.equal(checkSpec({ id: "a", start, shutdownMs: "brutal" }).shutdownMs, 0);
  assert.equal(checkSpec({ id: "a", start, kind: "method" }).kind, "method");
});

Deno.test("checkSpec says what to write instead", () => {
  const limit = { intensity: 1, periodMs: 1 };
  const wrong: readonly (readonly [spec: unknown, says: RegExp])[] = [
    [{ id: "", start }, /without an id/],
    [{ id: 7, start }, /without an id/],
    [{ id: "a" }, /"a": its 'start' must be a function/],
    [{ id: "a", start, restart: "always" }, /'restart'.*"permanent", "transient", "temporary"/],
    [{ id: "a", start, type: "boss" }, /'type'.*"worker", "supervisor": current value is boss/],
    [{ id: "a", start, shutdownMs: -1 }, /'shutdownMs'.*from 0 to 86400000: current value is -1/],
    [{ id: "a", start, shutdownMs: Infinity }, /'shutdownMs'.*current value is Infinity/],
    [{ id: "a", start, startMs: Infinity }, /'startMs'.*current value is Infinity/],
    [{ id: "a", start, startMs: 0 }, /'startMs'.*from 1 to/],
    [{ id: "a", start, limit: { ...limit, intensity: -1 } }, /'intensity'/],
    [{ id: "a", start, limit: { ...limit, periodMs: 0 } }, /'periodMs'/],
    [{ id: "a", start, limit: { ...limit, onGiveUp: "x" } }, /'onGiveUp'/],
  ];
  for (const [spec, says] of wrong) assert.throws(() => checkSpec(untyped(spec)), says);
});

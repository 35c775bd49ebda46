import assert from "node:assert/strict";
import { embedded, embeddedBroker } from "rocket-actors";
import { overload } from "../../../bench/overload/overload.ts";
import { plotOf } from "../../../bench/overload/plot.ts";
import { broken, slow, toMarkdown } from "../../../bench/overload/report.ts";
import { type Settings, settingsFrom } from "../../../bench/overload/settings.ts";
import type { Fate } from "../../../bench/overload/window.ts";
import { toSvg } from "../../../bench/plot.ts";

const SETTINGS: Settings = {
  ...settingsFrom([]),
  serviceMs: 20,
  concurrency: 4,
  factor: 10,
  timeoutMs: 600,
  minRemainingMs: 100,
  seconds: 2,
  calmSeconds: 0.5,
};

Deno.test("an overloaded service starts no more than its concurrency, and every call settles by the documented rule", async () => {
  const broker = embeddedBroker({ retainedMessages: 5_000 });
  try {
    const run = await overload(SETTINGS, () => embedded(broker));
    assert.deepEqual(broken(run, SETTINGS), []);
    const { measures: { made, settled, started, mostRunning, seconds } } = run;
    const sum = (...fates: readonly Fate[]) =>
      seconds.reduce((total, second) => fates.reduce((sum, fate) => sum + second.fates[fate], total), 0);
    assert.equal(settled, made);
    assert.ok(mostRunning <= SETTINGS.concurrency);
    // What is more than it can do was refused, and only because its time was up.
    const refused = sum("expired", "unknown", "never sent");
    assert.ok(refused > made / 4, `only ${refused} of ${made} calls were refused`);
    // Whatever was answered was started, once.
    const answered = sum("answered");
    assert.ok(answered > 0 && answered <= started, `${answered} of ${started}`);
    assert.match(toMarkdown(run, SETTINGS), /all settled: true/);
    assert.match(toSvg(plotOf(seconds, "a <test>")), /^<svg [^]*a &lt;test>[^]*<\/svg>\n$/);
  } finally {
    broker.close();
  }
});

Deno.test("broken() and slow() name every promise that a run has not kept", async () => {
  const broker = embeddedBroker();
  const few = { ...SETTINGS, seconds: 0.1, calmSeconds: 0.1 };
  const run = await overload(few, () => embedded(broker)).finally(() => broker.close());
  run.measures.made += 3;
  run.measures.strange.push("Odd");
  for (let more = 0; more <= few.concurrency; more++) run.measures.begun();
  run.measures.phase = "overload";
  run.measures.handled(60_000);
  run.measures.replied(60_000);
  const heap = { early: 0, late: 33 * 1024 * 1024 };
  assert.deepEqual(broken({ ...run, heap, unsettled: 2 }, few).length, 5);
  assert.equal(slow(run).length, 2);
});

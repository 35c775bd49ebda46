/** Measures calls on `embedded()`, and what each stop of a call costs: see `settings.ts` for how it is called. */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { describeMachine } from "../broker/machine.ts";
import { settingsOr } from "../flags.ts";
import { dateOfRun, saveRun } from "../results.ts";
import { Calls, type Window } from "./calls.ts";
import { figureOf } from "../broker/figure.ts";
import { type CallsRow, type Run, toMarkdown } from "./report.ts";
import { type Settings, settingsFrom, USAGE } from "./settings.ts";
import { measureStops } from "./stops.ts";

/** How long one stop is measured in a round, for each size of message; its preparation included. */
const STOP_SHARE = 0.15;

/** All windows of all rounds. The rows take turns, so that drift meets them alike. */
async function measureCalls({ inFlight, seconds, rounds, body }: Settings): Promise<readonly CallsRow[]> {
  await using calls = await Calls.start(body);
  const found = inFlight.map(() => [] as Window[]);
  // Round 0 is for the just-in-time compiler and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, count] of inFlight.entries()) {
      const window = await calls.measure(count, seconds);
      const { callsPerSecond, p50Us } = window;
      console.error(
        `round ${round}: ${count} in flight: ${callsPerSecond.toFixed(0)} calls/s, p50 ${
          p50Us.toFixed(1)
        } µs`,
      );
      if (round > 0) found[index]?.push(window);
    }
  }
  return inFlight.map((count, index): CallsRow => {
    const windows = found[index] ?? [];
    return {
      inFlight: count,
      callsPerSecond: figureOf(windows.map(({ callsPerSecond }) => callsPerSecond)),
      cpuUs: figureOf(windows.map(({ cpuUs }) => cpuUs)),
      p50Us: figureOf(windows.map(({ p50Us }) => p50Us)),
    };
  });
}

async function main(settings: Settings): Promise<void> {
  const date = dateOfRun();
  const { cores, model, os, loadBefore, deno } = await describeMachine("none");
  const machine = { cores, model, os, loadBefore, deno, v8: Deno.version.v8 };
  const calls = await measureCalls(settings);
  const stops = await measureStops(settings.body, settings.rounds, settings.seconds * 1_000 * STOP_SHARE);
  const run: Run = { date, machine, settings, calls, stops };
  await saveRun("embedded-", run);
  console.log(toMarkdown(run));
}

await main(settingsOr(settingsFrom, USAGE));

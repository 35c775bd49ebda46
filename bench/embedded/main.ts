/** Measures calls on `embedded()`, and what each stop of a call costs: see `settings.ts` for how it is called. */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { describeMachine } from "../broker/machine.ts";
import { settingsOr } from "../flags.ts";
import { dateOfRun, saveRun } from "../results.ts";
import { Calls, type CallsRow, callsRowOf, type Window } from "./calls.ts";
import { EMBEDDED_PEERS, type EmbeddedPeerName } from "./peers.ts";
import { type Run, toMarkdown } from "./report.ts";
import { type Settings, settingsFrom, USAGE } from "./settings.ts";
import { measureStops } from "./stops.ts";

/** How long one stop is measured in a round, for each size of message; its preparation included. */
const STOP_SHARE = 0.15;

/** All windows of all rounds. Peers and rows take turns, so that drift meets them alike. */
async function measureCalls(
  { inFlight, seconds, rounds, body, peers }: Settings,
): Promise<readonly CallsRow[]> {
  await using stack = new AsyncDisposableStack();
  const rows: { name: EmbeddedPeerName; calls: Calls; count: number; windows: Window[] }[] = [];
  for (const name of peers) {
    const calls = stack.use(await Calls.start(EMBEDDED_PEERS[name], body));
    rows.push(...inFlight.map((count) => ({ name, calls, count, windows: [] })));
  }
  const inTurns = inFlight.flatMap((one) => rows.filter(({ count }) => count === one));
  // Round 0 is for the just-in-time compiler and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const { name, calls, count, windows } of inTurns) {
      const window = await calls.measure(count, seconds);
      const { callsPerSecond, p50Us } = window;
      const what = `round ${round}: ${name}, ${count} in flight`;
      console.error(`${what}: ${callsPerSecond.toFixed(0)} calls/s, p50 ${p50Us.toFixed(1)} µs`);
      if (round > 0) windows.push(window);
    }
  }
  return inTurns.map(({ name, count, windows }) => callsRowOf(name, count, windows));
}

async function main(settings: Settings): Promise<void> {
  const date = dateOfRun();
  const { cores, model, os, loadBefore, deno } = await describeMachine();
  const machine = { cores, model, os, loadBefore, deno, v8: Deno.version.v8 };
  const calls = await measureCalls(settings);
  const stops = await measureStops(settings.body, settings.rounds, settings.seconds * 1_000 * STOP_SHARE);
  const run: Run = { date, machine, settings, calls, stops };
  await saveRun("embedded-", run);
  console.log(toMarkdown(run));
}

await main(settingsOr(settingsFrom, USAGE));

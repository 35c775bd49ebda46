import { setTimeout as delay } from "node:timers/promises";
import type { Place } from "./calls.ts";
import { Bystanders, Victim, type Witnessed } from "./parties.ts";
import { type Scenario, SCENARIOS } from "./scenario.ts";

/** For how long a broker holds a thread for whom it pushed to, and a little. */
const PUSH_ENDS_MS = 10_200;
const LOADED_MS = 700;
const PAUSED_MS = 500;

interface Outcome extends Witnessed {
  /** Requests of the callee's own callers that the broker has left unanswered for a second. */
  readonly unanswered: number;
}

/** Harms callees, and says the lines of a table of what that does to those who have nothing to do with them. */
export async function measureCrashes(place: Place, say: (line: string) => void): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const bystanders = stack.use(await Bystanders.start(place));
  const heads = ["way", "callee", "callers × in flight", "pushes at most", "held"];
  const bystander = ["plain client: slowest ms", "held up ms", "ours: slowest ms"];
  say(`| ${[...heads, ...bystander].join(" | ")} |`);
  say(`| --- | --- | --- | --- | ---: | ${bystander.map(() => "---:").join(" | ")} |`);
  for (const [index, each] of SCENARIOS.entries()) {
    say(row(each, await run({ ...place, prefix: `${place.prefix}_${index}` }, each, bystanders)));
  }
}

function row({ harm, callees, plan }: Scenario, { plain, oursMs, unanswered }: Outcome): string {
  const { way, callers, outstanding, mostOfEach, mostOfAll } = plan;
  const bounds = [
    ...(mostOfEach === undefined ? [] : [`${mostOfEach} of each caller`]),
    ...(mostOfAll === undefined ? [] : [`${mostOfAll} to a callee`]),
  ];
  const cells = [
    way,
    callees === 1 ? harm : `${callees} ${harm}`,
    `${callers} × ${outstanding}`,
    way === "stored" ? "none" : bounds.join(", ") || "no bound",
    unanswered,
    ...[plain.slowestMs, plain.heldMs, oursMs].map((ms) => Math.round(ms).toLocaleString("en-US")),
  ];
  return `| ${cells.join(" | ")} |`;
}

async function run(
  place: Place,
  { harm, callees, plan, watchedMs }: Scenario,
  all: Bystanders,
): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const victims: Victim[] = [];
  for (let index = 0; index < callees; index++) {
    victims.push(stack.use(await Victim.start({ ...place, prefix: `${place.prefix}_${index}` }, plan)));
  }
  await delay(LOADED_MS);
  await all.forget();
  const watching = all.watch(watchedMs);
  for (const victim of victims) victim.harm(harm);
  const harmedAt = performance.now();
  if (harm === "paused") {
    await delay(PAUSED_MS);
    for (const victim of victims) victim.resume();
  }
  await delay(watchedMs / 2);
  const reports = await Promise.all(victims.map((victim) => victim.report()));
  const outcome = { ...await watching, unanswered: reports.reduce((sum, each) => sum + each.unanswered, 0) };
  await Promise.all(victims.map((victim) => victim.end(harm)));
  // Threads that wait for the dead are not to be found held by the next scenario.
  if (harm === "paused" || plan.way === "stored") return outcome;
  const since = outcome.plain.heldMs > 0 ? performance.now() : harmedAt;
  await delay(Math.max(0, since + PUSH_ENDS_MS - performance.now()));
  return outcome;
}

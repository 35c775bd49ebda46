import type { CallersPlan } from "./callers_plan.ts";
import type { Way } from "./names.ts";

/** What becomes of a callee: SIGKILL, SIGSTOP, or SIGSTOP and SIGCONT after half a second. */
export type Harm = "killed" | "frozen" | "paused";

/** Callees that come to harm together, and how each of them is called meanwhile. */
export interface Scenario {
  readonly harm: Harm;
  readonly callees: number;
  readonly plan: CallersPlan;
  /** How long the others are watched, in milliseconds. */
  readonly watchedMs: number;
}

const TIMEOUT_MS = 3_000;
const WATCHED_MS = 3_000;

function scenario(
  harm: Harm,
  way: Way,
  callers: Pick<CallersPlan, "callers" | "outstanding" | "mostOfEach" | "mostOfAll">,
  more: Partial<Scenario> = {},
): Scenario {
  const plan = { ...callers, way, timeoutMs: TIMEOUT_MS, pauseMs: 0 };
  return { harm, callees: 1, plan, watchedMs: WATCHED_MS, ...more };
}

/** All that are measured. */
export const SCENARIOS: readonly Scenario[] = [
  scenario("paused", "stored", { callers: 32, outstanding: 1 }),
  scenario("paused", "express", { callers: 32, outstanding: 1 }),
  scenario("killed", "stored", { callers: 32, outstanding: 1 }),
  scenario("killed", "express", { callers: 32, outstanding: 1 }),
  scenario("frozen", "stored", { callers: 32, outstanding: 1 }),
  scenario("frozen", "express", { callers: 1, outstanding: 1 }),
  scenario("frozen", "express", { callers: 1, outstanding: 32 }),
  scenario("frozen", "express", { callers: 16, outstanding: 2, mostOfEach: 1 }),
  scenario("frozen", "express", { callers: 32, outstanding: 2, mostOfEach: 1 }, { watchedMs: 12_000 }),
  scenario("frozen", "express", { callers: 32, outstanding: 1, mostOfAll: 12 }),
  scenario("frozen", "express", { callers: 32, outstanding: 1, mostOfAll: 12 }, { callees: 2 }),
];

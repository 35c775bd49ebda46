import { setImmediate as nextTurn } from "node:timers/promises";
import { Durations, percentiles } from "./percentiles.ts";
import type { Window } from "./line.ts";

/** What a closed loop is driven by. */
export interface ClosedLoadOptions {
  /** Calls under way at once, all the time. */
  readonly inFlight: number;
  /** One call; rejects when it failed, or brought back what was not sent. */
  readonly call: () => Promise<void>;
  /** Resolves when the window begins, counted from the start of the load. */
  readonly warmedUp: () => Promise<void>;
  /** Resolves when the window is over, counted from its begin. */
  readonly measured: () => Promise<void>;
  /** Told when the window begins and when it is over. */
  readonly onEvent: (event: "start" | "stop") => void;
}

/** Keeps exactly so many calls under way, each followed by the next at once, and measures those that end in the window. */
export async function runClosedLoad(options: ClosedLoadOptions): Promise<Window> {
  const durations = new Durations();
  let phase: "warm-up" | "window" | "over" = "warm-up";
  let failed = 0;
  let anError = "";

  const loop = async () => {
    while (phase !== "over") {
      const begin = performance.now();
      try {
        await options.call();
        if (phase === "window") durations.add(performance.now() - begin);
      } catch (error) {
        failed++;
        anError = String(error);
        // Calls that fail at once must not keep timers, and with them the end of the window, from their turn.
        await nextTurn();
      }
    }
  };
  const loops = Array.from({ length: options.inFlight }, loop);
  await options.warmedUp();
  options.onEvent("start");
  phase = "window";
  const begin = performance.now();
  await options.measured();
  phase = "over";
  const seconds = (performance.now() - begin) / 1_000;
  options.onEvent("stop");
  await Promise.all(loops);
  return { calls: durations.count, failed, seconds, ...percentiles(durations), lateP99Ms: 0, anError };
}

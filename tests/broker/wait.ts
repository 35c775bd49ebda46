import { ClusterFailed } from "./errors.ts";
import type { JvmProcess } from "./process.ts";

const POLL_MS = 50;

/** What a wait depends on. */
export interface Waiting {
  /** When to give up, on the scale of `performance.now()`. */
  readonly deadlineMs: number;
  /** Processes that have to live meanwhile. */
  readonly processes: readonly JvmProcess[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks `check` again and again until it says true.
 *
 * @throws {ClusterFailed} when a process ends or the deadline passes; with the tails of the logs
 * @throws the signal's reason when it is aborted
 */
export async function waitUntil(what: string, check: () => Promise<boolean>, on: Waiting): Promise<void> {
  while (true) {
    on.signal?.throwIfAborted();
    for (const process of on.processes) await process.throwIfEnded();
    if (await check()) return;
    if (performance.now() > on.deadlineMs) {
      const logs = await Promise.all(on.processes.map((process) => process.logTail()));
      throw new ClusterFailed(`waited in vain for ${what}\n${logs.join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

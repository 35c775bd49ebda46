import type { CalleeProcess, Events } from "./callee_process.ts";
import type { Settled } from "./load.ts";

/** How often each `once` call began, over all callees: more than once would be a second payment. */
export function beganTwice(events: readonly Events[]): number[] {
  const runs = new Map<number, number>();
  for (const { method, n } of events.flatMap(({ ran }) => ran)) {
    if (method === "once") runs.set(n, (runs.get(n) ?? 0) + 1);
  }
  return [...runs].filter(([, count]) => count > 1).map(([n]) => n);
}

/** Runs that claim to be the first attempt although another had begun before. */
export function secondRunsAsFresh(events: readonly Events[]): number[] {
  const began = new Set<string>();
  const wrong: number[] = [];
  for (const { method, n, attempt } of events.flatMap(({ ran }) => ran)) {
    const key = `${method} ${n}`;
    if (began.has(key) && attempt === 1 && method !== "safe") wrong.push(n);
    began.add(key);
  }
  return wrong;
}

/** The longest call, in milliseconds. */
export function slowest(settled: readonly Settled[]): number {
  return Math.max(...settled.map(({ ms }) => ms));
}

/** Reads what each of them wrote down. */
export async function eventsOf(...callees: readonly CalleeProcess[]): Promise<Events[]> {
  return await Promise.all(callees.map((callee) => callee.events()));
}

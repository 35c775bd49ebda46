// deno-lint-ignore-file no-console -- a program: it talks in lines
import { createInterface } from "node:readline";
import process from "node:process";
import type { Window } from "../broker/line.ts";
import { parseCommand, sizeOf } from "../broker/load.ts";

/** What was done. */
export type Done = Pick<Window, "calls" | "failed" | "anError">;

/** Work of a given size, rather than a given time: tells when it begins. */
export type Work = (inFlight: number, begin: () => void) => Promise<Done>;

/** Does some work when a command comes on standard input, and prints the lines of `line.ts` about it; until that ends. */
export async function serveOnce(work: Work): Promise<void> {
  const print = (event: string, more: Partial<Window> = {}) =>
    console.log(JSON.stringify({ event, ...more }));
  print("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    let begun = performance.now();
    const done = await work(sizeOf(parseCommand(line).load), () => {
      begun = performance.now();
      print("start");
    });
    const seconds = (performance.now() - begun) / 1_000;
    print("stop");
    const times = { p50Ms: 0, p99Ms: 0, p999Ms: 0, lateP99Ms: 0 };
    print("end", { ...done, seconds, ...times });
  }
}

/**
 * Callers that call on until they read `end`: `callers.ts <name server> <topic> <JSON of CallersPlan>`. Each other line,
 * `now`, or `wait` for the next call to end, is answered by a line of JSON: what became of the calls since the line before.
 */
// deno-lint-ignore-file no-console -- a program: it talks in lines
import { createInterface } from "node:readline";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { Bound } from "./bound.ts";
import { Caller } from "./caller.ts";
import { type CallersPlan, type CallersReport, HELD_MS } from "./callers_plan.ts";

const BODY = new Uint8Array(128);
const POLL_MS = 5;

const [nameServers = "", topic = "", json = ""] = Deno.args;
// Written by the program that starts this one.
const plan: CallersPlan = JSON.parse(json);
const all = new Bound(plan.mostOfAll ?? Infinity);
const callers = await Promise.all(Array.from({ length: plan.callers }, () => {
  const bound = plan.mostOfEach === undefined ? all : new Bound(plan.mostOfEach);
  return Caller.start({ nameServers, topic, timeoutMs: plan.timeoutMs, bound });
}));
let counted: Omit<CallersReport, "unanswered"> = { calls: 0, failed: 0, slowestMs: 0, heldMs: 0 };

let ended = false;

async function callOn(caller: Caller): Promise<void> {
  while (!ended) {
    const begin = performance.now();
    const well = await caller.call(plan.way, BODY).then(() => true, () => false);
    const tookMs = performance.now() - begin;
    const { calls, failed, slowestMs, heldMs } = counted;
    counted = {
      calls: calls + 1,
      failed: failed + (well ? 0 : 1),
      slowestMs: Math.max(slowestMs, tookMs),
      heldMs: heldMs + (tookMs > HELD_MS ? tookMs : 0),
    };
    if (plan.pauseMs > 0) await delay(plan.pauseMs);
  }
}

await callers[0]?.call(plan.way, BODY);
const loops = callers.flatMap((caller) => Array.from({ length: plan.outstanding }, () => callOn(caller)));
console.log(JSON.stringify({ event: "ready" }));
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break;
  const unanswered = callers.reduce((sum, caller) => sum + caller.unansweredFor(HELD_MS), 0);
  const { calls } = counted;
  while (line === "wait" && counted.calls === calls) await delay(POLL_MS);
  console.log(JSON.stringify({ ...counted, unanswered } satisfies CallersReport));
  counted = { calls: 0, failed: 0, slowestMs: 0, heldMs: 0 };
}
ended = true;
await Promise.all(loops);
Deno.exit(0);

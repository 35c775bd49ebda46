// deno-lint-ignore-file no-console -- a program: it talks in lines
import { setTimeout as delay } from "node:timers/promises";
import { createInterface } from "node:readline";
import process from "node:process";
import { bodyOf } from "./contract.ts";
import type { Body } from "./contract.ts";
import { runClosedLoad } from "./closed_load.ts";
import type { Window } from "./line.ts";
import { type Command, parseCommand } from "./load.ts";
import { runOpenLoad } from "./open_load.ts";

const TICK_MS = 1;

/**
 * What every requester of a peer does: one call, and then what the commands say that come on its standard input, until
 * that ends. It prints the lines of `line.ts`.
 *
 * @param echo one call of the peer: rejects when it failed, or brought back what was not sent
 */
export async function serveCommands(echo: (body: Body) => Promise<void>): Promise<void> {
  let sequence = 0;
  const call = (bytes: number) => echo(bodyOf(++sequence, bytes));
  await call(128);
  console.log(JSON.stringify({ event: "ready" }));
  for await (const line of createInterface({ input: process.stdin })) {
    const command = parseCommand(line);
    console.log(JSON.stringify({ event: "end", ...await run(command, () => call(command.body)) }));
  }
}

function run(command: Command, call: () => Promise<void>): Promise<Window> {
  const { load, warmUpMs, measuredMs } = command;
  const onEvent = (event: "start" | "stop") => console.log(JSON.stringify({ event }));
  if (load.kind === "open") {
    const pace = { now: () => performance.now(), tick: () => delay(TICK_MS) };
    return runOpenLoad({ perSecond: load.perSecond, call, warmUpMs, measuredMs, onEvent, pace });
  }
  return runClosedLoad({
    inFlight: load.inFlight,
    call,
    warmedUp: () => delay(warmUpMs),
    measured: () => delay(measuredMs),
    onEvent,
  });
}

/** Fails unless what came back is what was sent. */
export function checkEcho(sent: Body, came: Body): void {
  if (came.seq !== sent.seq || came.pad !== sent.pad) throw new Error("not the body that was sent");
}

/** Tells whoever started this responder that it serves, and waits for the end of its standard input. */
export async function untilInputEnds(): Promise<void> {
  console.log(JSON.stringify({ event: "ready" }));
  for await (const _ of Deno.stdin.readable);
}

import type { Program } from "../../tests/interop/program.ts";
import { cpuUs } from "./cpu.ts";
import { type Line, parseLine, type Window } from "./line.ts";
import type { PeerName } from "./settings.ts";

/** A requester and its responder, each in a process of its own. */
export interface Pair {
  readonly name: PeerName;
  readonly requester: Program;
  readonly responder: Program;
}

/** Processor time per call, in microseconds; `undefined` where it could not be read. */
export interface CpuPerCall {
  readonly requester: number | undefined;
  readonly responder: number | undefined;
  readonly broker: number | undefined;
}

/** One measured window with what it cost. */
export interface Measured {
  readonly window: Window;
  readonly cpu: CpuPerCall;
}

/** What one window is asked to be. */
export interface WindowOptions {
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly brokerPid: number | undefined;
}

/** How long a program may take beyond what it was asked for: Java compiles itself first. Milliseconds. */
export const PATIENCE_MS = 60_000;

/**
 * Waits for a line.
 *
 * @throws {TypeError} when another one comes
 */
export async function expectLine<E extends Line["event"]>(
  program: Program,
  event: E,
  deadlineMs: number,
): Promise<Extract<Line, { readonly event: E }>> {
  const line = parseLine(await program.nextLine(deadlineMs));
  if (!isEvent(line, event)) throw new TypeError(`Expected "${event}", and "${line.event}" came`);
  return line;
}

function isEvent<E extends Line["event"]>(
  line: Line,
  event: E,
): line is Extract<Line, { readonly event: E }> {
  return line.event === event;
}

/** Measures one window. Processor times are read when the requester says that it begins and that it is over. */
export async function measure(pair: Pair, options: WindowOptions): Promise<Measured> {
  const { inFlight, warmUpMs, measuredMs, brokerPid } = options;
  const pids = [pair.requester.pid, pair.responder.pid, brokerPid];
  await pair.requester.writeLine(`run ${inFlight} ${warmUpMs} ${measuredMs}`);
  await expectLine(pair.requester, "start", warmUpMs + PATIENCE_MS);
  const before = await Promise.all(pids.map(cpuUs));
  await expectLine(pair.requester, "stop", measuredMs + PATIENCE_MS);
  const after = await Promise.all(pids.map(cpuUs));
  const { window } = await expectLine(pair.requester, "end", PATIENCE_MS);
  const perCall = (index: number): number | undefined => {
    const [from, to] = [before[index], after[index]];
    return from === undefined || to === undefined || window.calls === 0
      ? undefined
      : (to - from) / window.calls;
  };
  return { window, cpu: { requester: perCall(0), responder: perCall(1), broker: perCall(2) } };
}

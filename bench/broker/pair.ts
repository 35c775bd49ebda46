import type { Program } from "../../tests/interop/program.ts";
import { type Line, parseLine, type Window } from "./line.ts";
import { type Command, writeCommand } from "./load.ts";
import { machineUse, othersShare } from "./machine_use.ts";
import { type ProcessUse, processUse } from "./process_use.ts";

/** Who takes part in a call. */
export const ROLES = ["requester", "server", "responder"] as const;

/** One of them. */
export type Role = typeof ROLES[number];

/** A figure for each, `undefined` where it could not be read. */
export type ByRole<T> = Readonly<Record<Role, T | undefined>>;

/** A requester and its responders, each in a process of its own, and the server between them. */
export interface Pair {
  readonly requester: Program;
  readonly responders: readonly Program[];
  /** Processes of the server; none, where they are not known. */
  readonly serverPids: readonly number[];
}

/** One measured window with what it cost. */
export interface Measured {
  readonly window: Window;
  /** Processor time per call, in microseconds. */
  readonly cpuUs: ByRole<number>;
  /** Memory held when the window was over, in bytes. */
  readonly residentBytes: ByRole<number>;
  /** Of all processors' time, the part that went to none of these: 0 to 1. */
  readonly others: number | undefined;
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

/**
 * Measures one window. Processor times are read when the requester says that it begins and that it is over.
 *
 * @param meanwhile runs while the window lasts, or longer; its failure is the window's
 */
export async function measure(
  pair: Pair,
  command: Command,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<Measured> {
  const { requester } = pair;
  await requester.writeLine(writeCommand(command));
  await expectLine(requester, "start", command.warmUpMs + PATIENCE_MS);
  const before = await look(pair);
  const [after] = await Promise.all([
    expectLine(requester, "stop", command.measuredMs + PATIENCE_MS).then(() => look(pair)),
    meanwhile(),
  ]);
  const { window } = await expectLine(requester, "end", PATIENCE_MS);
  return { window, ...costs(before, after, window.calls) };
}

interface Look {
  readonly machine: Awaited<ReturnType<typeof machineUse>>;
  readonly uses: ByRole<ProcessUse>;
}

async function look({ requester, responders, serverPids }: Pair): Promise<Look> {
  const [machine, ofRequester, ofServer, ofResponders] = await Promise.all([
    machineUse(),
    processUse([requester.pid]),
    processUse(serverPids),
    processUse(responders.map(({ pid }) => pid)),
  ]);
  return { machine, uses: { requester: ofRequester, server: ofServer, responder: ofResponders } };
}

function costs(before: Look, after: Look, calls: number): Omit<Measured, "window"> {
  const took = byRole((role) => {
    const [from, to] = [before.uses[role], after.uses[role]];
    return from === undefined || to === undefined ? undefined : to.cpuUs - from.cpuUs;
  });
  const known = ROLES.map((role) => took[role]).filter((us) => us !== undefined);
  const ours = known.length === ROLES.length ? known.reduce((sum, us) => sum + us) : undefined;
  return {
    cpuUs: byRole((role) => calls === 0 || took[role] === undefined ? undefined : took[role] / calls),
    residentBytes: byRole((role) => after.uses[role]?.residentBytes),
    others: before.machine === undefined || after.machine === undefined || ours === undefined
      ? undefined
      : othersShare(before.machine, after.machine, ours),
  };
}

/** Makes one figure for each role. */
export function byRole<T>(of: (role: Role) => T | undefined): ByRole<T> {
  return { requester: of("requester"), server: of("server"), responder: of("responder") };
}

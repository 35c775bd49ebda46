import { neverRan, type Outcome } from "../../src/errors/outcome.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import type { Process } from "../../testing/process.ts";
import type { Step } from "./contracts.ts";

/** One run of a handler. */
interface Run {
  readonly step: Step;
  /** What runs one at a time. */
  readonly line: string;
  readonly process: Process;
  readonly freezes: number;
  readonly signal: AbortSignal;
}

/** How a call ended for its caller. */
export type Settled = "ok" | Outcome;

/** What an issued call promises. */
export interface Issued {
  readonly step: Step;
  readonly kind: "once" | "again" | "oneway";
  settled: Settled | undefined;
  code: string | undefined;
}

/** Knows from outside of all processes what ran, and what callers were told: what breaks a promise is found here. */
export class Audit {
  /** Whether broker clients may have stored a request twice, and nothing shared remembers that it ran. */
  readonly #forgiving: boolean;
  readonly #issued = new Map<string, Issued>();
  /** How often each call was started. */
  readonly #runs = new Map<string, number>();
  readonly #finished = new Set<string>();
  /** By chain: the greatest place that was started. */
  readonly #reached = new Map<string, number>();
  readonly #active = new Map<string, Set<Run>>();
  readonly findings: string[] = [];

  constructor(forgiving: boolean) {
    this.#forgiving = forgiving;
  }

  /** Calls made. */
  get calls(): Iterable<Issued> {
    return this.#issued.values();
  }

  /** How often a call was started. */
  runs(id: string): number {
    return this.#runs.get(id) ?? 0;
  }

  /** Somebody makes a call. */
  issue(step: Step, kind: Issued["kind"]): Issued {
    const issued: Issued = { step, kind, settled: undefined, code: undefined };
    this.#issued.set(step.id, issued);
    return issued;
  }

  /** A handler begins; call what comes back when it ends. */
  begin(step: Step, line: string, process: Process, signal: AbortSignal): () => void {
    const run: Run = { step, line, process, freezes: process.freezes, signal };
    const active = this.#active.get(line) ?? new Set();
    this.#active.set(line, active);
    for (const other of active) if (this.#overlaps(other, run)) this.#find(`${other.step.id} and ${step.id} overlap in ${line}`);
    active.add(run);
    const runs = this.runs(step.id) + 1;
    this.#runs.set(step.id, runs);
    if (runs === 1) this.#checkOrder(step);
    if (runs > 1 && this.#issued.get(step.id)?.kind === "once" && !this.#forgiving) this.#find(`${step.id} ran twice`);
    return () => active.delete(run);
  }

  /** A handler has answered. */
  finish(step: Step): void {
    this.#finished.add(step.id);
  }

  /** Everything has come to its end: what is found to be wrong. */
  close(dead: ReadonlySet<string>): readonly string[] {
    for (const { step: { id }, kind, settled, code } of this.calls) {
      const runs = this.runs(id);
      if (settled === undefined) this.#find(`${id} never settled`);
      else if (kind === "oneway") {
        if (settled === "ok" && runs === 0 && !dead.has(id)) this.#find(`${id} was stored, and is lost`);
      } else if ((settled === "ok" || settled === "replied") && runs === 0) {
        this.#find(`${id} was answered (${code ?? "ok"}) and never ran`);
      }
      if (settled !== undefined && settled !== "ok" && neverRan(settled) && runs > 0) {
        this.#find(`${id} ran ${runs} times: its caller was told ${code} / ${settled}`);
      }
      if (settled === "executed_reply_lost" && runs === 0) this.#find(`${id} never ran: its caller was told ${settled}`);
    }
    return this.findings;
  }

  #checkOrder({ chain, place, id }: Step): void {
    const reached = this.#reached.get(chain) ?? -1;
    if (place < reached) this.#find(`${id} started first after place ${reached} of its chain`);
    else this.#reached.set(chain, place);
  }

  /** Whether two runs are at work at once that must not. */
  #overlaps(other: Run, run: Run): boolean {
    if (!other.process.alive) return false;
    const { signal: { aborted, reason } } = other;
    if (other.process === run.process) return !aborted || isItsCallers(reason);
    // Whoever was frozen knows nothing of what it lost; whoever was told to stop may take a while.
    return other.process.freezes === other.freezes && !aborted;
  }

  #find(what: string): void {
    this.findings.push(what);
  }
}

/** Whether a handler was told to stop for reasons of its call: then it keeps its place until it ends. */
function isItsCallers(reason: unknown): boolean {
  return reason instanceof RpcError && (reason.code === "deadline_exceeded" || reason.code === "cancelled");
}

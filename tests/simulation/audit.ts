import type { HandlerContext } from "../../src/call/handler.ts";
import { neverRan, type Outcome } from "../../src/errors/outcome.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import type { Process } from "../../testing/process.ts";
import type { World } from "../../testing/world.ts";
import type { Step } from "./contracts.ts";

/** One run of a handler. */
interface Run {
  readonly step: Step;
  /** What runs one at a time. */
  readonly line: string;
  readonly process: Process;
  /** How often queues had been given to somebody when it began. */
  readonly assignments: number;
  readonly freezes: number;
  readonly losses: number;
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

/** With that much time left, an answer reaches the broker, or the message another owner, whatever goes wrong. */
const ANSWER_MS = 8_000;

/** Knows from outside of all processes what ran, and what callers were told: what breaks a promise is found here. */
export class Audit {
  /**
   * Whether a request may have been stored twice, and nothing that is shared remembers that it ran: then an owner who
   * never saw the first may run the second.
   */
  readonly #forgiving: boolean;
  readonly #world: Pick<World, "assignments">;
  readonly #issued = new Map<string, Issued>();
  /** How often each call was started. */
  readonly #runs = new Map<string, number>();
  /** Calls that must not run twice, by their last run. */
  readonly #last = new Map<string, Run>();
  /** Calls whose handlers ended with time enough for their answers. */
  readonly #inTime = new Set<string>();
  /** By chain: the greatest place that was started. */
  readonly #reached = new Map<string, number>();
  readonly #active = new Map<string, Set<Run>>();
  readonly findings: string[] = [];

  constructor(world: Pick<World, "assignments">, forgiving: boolean) {
    this.#world = world;
    this.#forgiving = forgiving;
  }

  /** By the id that calls have on the wire: their own. */
  readonly ids = new Map<string, string>();

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
  begin(
    step: Step,
    line: string,
    process: Process,
    { signal, callId }: Pick<HandlerContext, "signal" | "callId">,
  ): () => void {
    this.ids.set(callId, step.id);
    const { assignments } = this.#world;
    const { freezes, losses } = process;
    const run: Run = { step, line, process, assignments, freezes, losses, signal };
    const active = this.#active.get(line) ?? new Set();
    this.#active.set(line, active);
    for (const other of active) {
      if (this.#overlaps(other, run)) this.#find(`${other.step.id} and ${step.id} overlap in ${line}`);
    }
    active.add(run);
    const runs = this.runs(step.id) + 1;
    this.#runs.set(step.id, runs);
    if (runs === 1) this.#checkOrder(step);
    if (this.#issued.get(step.id)?.kind === "once") this.#checkOnce(run);
    return () => active.delete(run);
  }

  /** A handler ends with so much time left. */
  finish({ id }: Step, remainingMs: number): void {
    if (remainingMs >= ANSWER_MS) this.#inTime.add(id);
  }

  /** Everything has come to its end: what is found to be wrong. */
  close(dead: ReadonlySet<string>, answered: ReadonlySet<string>): readonly string[] {
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
      if (kind === "once" && this.#inTime.has(id) && !dead.has(id) && !answered.has(id)) {
        this.#find(`${id} ran, and there is neither an answer nor a dead letter`);
      }
      if (settled === "executed_reply_lost" && runs === 0) {
        this.#find(`${id} never ran: its caller was told ${settled}`);
      }
    }
    return this.findings;
  }

  #checkOrder({ chain, place, id }: Step): void {
    const reached = this.#reached.get(chain) ?? -1;
    if (place < reached) this.#find(`${id} started first after place ${reached} of its chain`);
    else this.#reached.set(chain, place);
  }

  #checkOnce(run: Run): void {
    const { step: { id }, assignments } = run;
    const last = this.#last.get(id);
    this.#last.set(id, run);
    if (last === undefined) return;
    if (this.#forgiving && last.assignments !== assignments) return;
    this.#find(`${id} ran twice`);
  }

  /** Whether two runs are at work at once that must not. */
  #overlaps(other: Run, run: Run): boolean {
    if (!other.process.alive) return false;
    const { signal: { aborted, reason } } = other;
    // Whoever was told to stop has its place until it ends, unless its queue has gone meanwhile.
    if (other.process === run.process) {
      return !aborted || (isItsCallers(reason) && other.losses === run.losses);
    }
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

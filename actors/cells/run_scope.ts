import type { InboundCall, TraceHeaders } from "../../src/call/inbound.ts";
import type { CallScope } from "../../src/call/scope.ts";
import type { Contract } from "../../src/contract/types.ts";
import { placeOf } from "./cycle.ts";

/**
 * What calls made inside a run inherit. The runtime keeps the scope of every run until its next collection, however
 * short the run was: so it holds the call no longer than the run lasts (1.8 KB that each scavenge would copy).
 */
export class RunScope implements CallScope {
  readonly #contract: Pick<Contract, "name" | "kind">;
  readonly #method: string;
  readonly #key: string | undefined;
  readonly #chain: readonly string[];
  readonly deadline: number;
  readonly trace: TraceHeaders | undefined;
  /** The call, as long as it runs; then its signal, where anybody may have it. */
  #live: InboundCall | AbortSignal | undefined;

  /**
   * @param call the call that runs
   * @param contract what it is a call of
   */
  constructor(call: InboundCall, contract: Pick<Contract, "name" | "kind">) {
    this.#contract = contract;
    this.#method = call.method;
    this.#key = call.key;
    this.#chain = call.chain;
    this.deadline = call.deadlineMs;
    this.trace = call.observed?.trace ?? call.trace;
    this.#live = call;
  }

  get path(): readonly string[] {
    return [...this.#chain, placeOf(this.#contract, this.#method, this.#key)];
  }

  get signal(): AbortSignal {
    // The run is over and nobody had its signal: nothing aborts it any more.
    const live = this.#live ??= new AbortController().signal;
    return live instanceof AbortSignal ? live : live.signal;
  }

  /** The run is over. What it left behind, and goes on by itself, is still nested in it. */
  end(): void {
    if (this.#live === undefined || this.#live instanceof AbortSignal) return;
    this.#live = this.#live.signalInUse;
  }
}

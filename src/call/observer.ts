import type { RpcError } from "../errors/rpc_error.ts";
import type { Call } from "./call.ts";
import type { TraceHeaders } from "./inbound.ts";
import type { CallScope } from "./scope.ts";

/** A queue as observers see it. */
export interface ObservedQueue {
  readonly topic: string;
  readonly broker: string;
  readonly id: number;
}

/** Sees the calls that leave a system. Nothing of it throws. Where nobody looks, there is none. */
export interface CallObserver {
  /**
   * A call begins.
   *
   * @param scope the call that it is nested in, if any
   */
  called(call: Call, scope: CallScope | undefined): ObservedCall;
}

/** One call on its way out, from its proxy to its end. */
export interface ObservedCall {
  /** What its request carries, so that whoever serves it knows whose call it is. */
  readonly trace: TraceHeaders | undefined;
  /** The transport gets it: once for each time that it is sent. */
  sent(callId: string, attempt: number, queue: ObservedQueue | undefined): void;
  /** A try failed, and it will be sent again. */
  again(error: RpcError): void;
  /** It is over. Idempotent. */
  ended(error: RpcError | undefined): void;
}

/** Sees the calls that a system serves. Nothing of it throws. Where nobody looks, there is none. */
export interface ServeObserver {
  /** A call was received, and may reach a handler. */
  received(request: ObservedRequest): ObservedService;
  /** A request was received that no handler will see; the error answers it, where anybody waits. */
  refused(request: ObservedRequest, error: RpcError): void;
}

/** A request as it was received. */
export interface ObservedRequest {
  readonly contract: string;
  readonly method: string;
  /** Whether the contract has that method. */
  readonly known: boolean;
  readonly kind: "call" | "oneway";
  readonly callId: string;
  /** The attempt about to be made, from 1. */
  readonly attempt: number;
  readonly trace: TraceHeaders | undefined;
  /** The caller's system and instance, as it says. */
  readonly caller: string | undefined;
  /** Where it came from; `undefined` for what came past all queues. */
  readonly queue: ObservedQueue | undefined;
  readonly offset: number;
  /** When the broker stored it, by this machine's clock: epoch milliseconds. */
  readonly storedAtMs: number;
  /** How many calls its message carried. */
  readonly calls: number;
}

/** One call on its way through an instance that serves it. Attempts follow each other. */
export interface ObservedService {
  /** What calls inherit that its handler makes; also after it has ended. */
  readonly trace: TraceHeaders | undefined;
  /** It leaves its mailbox, and waits for its start to be on record. */
  recording(): void;
  /** Its handler starts. */
  started(attempt: number): void;
  /** Runs what belongs to the handler. */
  within<T>(work: () => T): T;
  /** Its handler has ended, with what it threw, if it threw. */
  finished(thrown?: { readonly error: unknown; readonly how: "answered" | "crashed" | "abandoned" }): void;
  /** It will be run from elsewhere, or once more, in so many milliseconds: from its own message, or from another one. */
  again(afterMs: number, how: string): void;
  /** It is a dead letter. */
  dead(reason: string, attempts: number): void;
  /** It has its answer. */
  answered(error: RpcError | undefined): void;
  /** Nothing is left to do for it here: it was answered and settled, or is another's by now. Idempotent. */
  left(): void;
}

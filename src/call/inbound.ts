import type { MethodSettings } from "../contract/types.ts";
import type { ItemSink } from "./item_sink.ts";
import type { RpcError } from "../errors/rpc_error.ts";

/** How a handler's run ended. */
export type Result =
  | { readonly ok: true; readonly output: unknown }
  /** It answered with an error of its own, or was refused before it ran. */
  | { readonly ok: false; readonly error: RpcError; readonly ran: Ran }
  /** It threw what is no answer, and will not be run again. */
  | { readonly ok: false; readonly error: RpcError; readonly ran: Ran; readonly dead: Dead }
  /** It asked to be run again later, or crashed where the next attempt must not come at once. */
  | { readonly ok: false; readonly error: RpcError; readonly ran: Ran; readonly again: Again };

/** Why a request goes to the dead-letter queue. */
export interface Dead {
  readonly reason: string;
  /** How often its handler was started, by this instance and earlier owners. */
  readonly attempts: number;
}

/** When the next attempt shall be. */
export interface Again {
  /** Milliseconds from now. */
  readonly afterMs: number;
  /** The attempt that has just ended, from 1. */
  readonly attempt: number;
}

/**
 * Whether the handler ran, as the callee knows it: `no`; `yes`, and this is its answer; `lost`, it ran and what
 * it answered cannot be delivered; `maybe`, an earlier owner may have started it.
 */
export type Ran = "no" | "yes" | "lost" | "maybe";

/** W3C trace context as it travels, carried along and never interpreted here. */
export interface TraceHeaders {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

/** One call as the callee's side carries it, from the receiver to the cell and back. */
export interface InboundCall {
  readonly id: string;
  readonly method: string;
  /** Whether somebody waits for the answer. */
  readonly kind: "call" | "oneway";
  readonly settings: MethodSettings;
  /** Set where it is answered item by item: what its handler returns is iterated, and goes there. */
  readonly stream?: ItemSink | undefined;
  /** What the input schema parsed, or what the codec decoded where there is none. */
  readonly input: unknown;
  /** Encoded size of the input, which is what mailboxes count. */
  readonly bytes: number;
  /** The key of the entity or of an ordered method. */
  readonly key: string | undefined;
  /** The partition that it came through, `broker/id`: an entity's cells go with their partition. Empty: direct. */
  readonly partition: string;
  /** Grows with the queue: a fencing token for calls of one key. */
  readonly sequence: number;
  /** Epoch milliseconds by this machine's clock; `Infinity` where there is none. */
  readonly deadlineMs: number;
  /** The attempt about to be made, or under way, from 1. Whoever runs it again without settling it counts here. */
  attempt: number;
  readonly idempotencyKey: string;
  readonly caller: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
  /** The addresses (see `addressOf`) of the calls above, outermost first. */
  readonly chain: readonly string[];
  readonly trace: TraceHeaders | undefined;
  /**
   * Aborts at the deadline, when its caller cancels it, and when the instance gives it up: its partition is lost, or
   * its drain limit has passed.
   */
  readonly signal: AbortSignal;
  /** That signal where anybody has asked for it, or it has aborted; else `undefined`. Asking costs nothing. */
  readonly signalInUse: AbortSignal | undefined;
  /** Whether its handler ran before this run: an earlier owner, or an earlier attempt, may have begun it. */
  readonly ranBefore: Ran;
  /** Whether the call has ended without its handler, or the instance has given it up: a result will be dropped. */
  readonly withdrawn: boolean;
  /**
   * Whether its queue is no longer this instance's, though nobody may have said so yet: then it is neither run again
   * nor answered here, since another instance may run it.
   */
  readonly lost: boolean;
  /**
   * Asked right before the handler starts: `false` when the call is no longer this instance's to run, or has
   * expired (then it has been settled). After `true` it must be settled.
   */
  claim(): boolean;
  /**
   * Records that the handler starts now. Returns a promise where the record must be safe before the handler
   * runs (methods that are neither safe nor idempotent); it rejects when the partition was lost meanwhile.
   */
  started(): Promise<void> | undefined;
  /**
   * Aborts the signal that its handler has: the actor is to end, the call stays this instance's. Another attempt has a
   * signal of its own.
   */
  interrupt(reason: unknown): void;
  /** Answers the call. Called once per start. */
  settle(result: Result): void;
  /**
   * Ends it here without an answer, instead of settling it: its handler crashed, and its queue is another's. What was
   * begun for it in a store is given up.
   */
  drop(): void;
}

/** Takes calls to the cell of their method. */
export interface Deliver {
  /** Puts the call into its mailbox; `false` when that is full: call again after `onRoom`. */
  (call: InboundCall): boolean;
}

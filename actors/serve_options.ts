import type { HandlerInterceptor } from "../src/call/interceptor.ts";
import type { Contract } from "../src/contract/types.ts";
import type { OutcomeStore } from "../src/store/outcome_store.ts";
import type { GiveUp, Restart } from "./supervision/child.ts";
import type { RestartBackoff, Strategy } from "./supervision/supervision.ts";

/** How an `actor()`, or the actors of an entity, are supervised. Functions have no state and nothing to restart. */
export interface ActorSupervision {
  /**
   * When an actor that ended is started again. `permanent`: always. `transient`: after a failure; after
   * `ctx.self.stop()` its next call starts it. `temporary`: its next call starts it, and a call whose handler crashed
   * is not run again. An entity's actors start with their next call in any case. Default `permanent`.
   */
  readonly restart?: Restart | undefined;
  /** Restarts within any period; one more, and it gives up. An entity's keys share them. Default 5. */
  readonly intensity?: number | undefined;
  /** Length of the period, in milliseconds. Default 10,000. */
  readonly periodMs?: number | undefined;
  /** For how long its call and its stop hook may go on when it is stopped, in milliseconds. Default 5,000. */
  readonly shutdownMs?: number | "brutal" | undefined;
  /** How long its factory may take, in milliseconds. Default 30,000. */
  readonly startMs?: number | undefined;
  /**
   * What follows when its restarts are spent. `suspend`: its calls are answered `unavailable` until the back-off's
   * maximum is over. `escalate`: the whole service is stopped and started again, which spends the system's restarts.
   * Default `suspend`.
   */
  readonly onGiveUp?: GiveUp | undefined;
}

/** How a service or an entity is supervised. */
export interface ServeSupervision extends ActorSupervision {
  /** Which of a service's methods are restarted with one that failed. Default `one_for_one`. */
  readonly strategy?: Strategy | undefined;
  /** Waits before restarts. */
  readonly backoff?: RestartBackoff | undefined;
}

/** What `serve()` may be told about one method of a service; the rest as for the whole service. */
export interface MethodServeOptions {
  /** Handlers that run at once, per instance; for functions. Default 32. */
  readonly concurrency?: number | undefined;
  /** Calls that its mailbox holds before its queues pause. Default 1,024. */
  readonly mailboxCalls?: number | undefined;
  /** How it is supervised; for `actor()`. */
  readonly supervision?: ActorSupervision | undefined;
}

/** What `serve()` may be told. */
export interface ServeOptions<C extends Contract = Contract> {
  /** How its actors are supervised. */
  readonly supervision?: ServeSupervision | undefined;
  /** What differs for single methods of a service. */
  readonly methods?: { readonly [K in keyof C["methods"]]?: MethodServeOptions | undefined } | undefined;
  /** Handlers of one function that run at once, per instance. Default 32. */
  readonly concurrency?: number | undefined;
  /** Calls that one mailbox holds before its queues pause. Default 1,024 per method, 64 per key of an entity. */
  readonly mailboxCalls?: number | undefined;
  /** How long a key of an entity may be idle before its actor is stopped, in milliseconds. Default 60,000. */
  readonly passivateAfterMs?: number | undefined;
  /** Keys of an entity whose actors live at once, per instance. Default 10,000. */
  readonly maxCells?: number | undefined;
  /** Run around every attempt of every handler: the place for authentication. The first is the outermost. */
  readonly interceptors?: readonly HandlerInterceptor[] | undefined;
  /** How long a handler may ignore its signal before it is left behind, in milliseconds. Default 30,000. */
  readonly abandonAfterMs?: number | undefined;
  /**
   * Where the outcomes of calls are remembered, so that calls of one idempotency key run once. To be shared with the
   * other systems that serve the contract; who made it closes it. Default: none.
   */
  readonly store?: OutcomeStore | undefined;
  /** Milliseconds for factories, topics, group and the first rebalance round. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Gives the start up. */
  readonly signal?: AbortSignal | undefined;
}

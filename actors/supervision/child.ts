import type { TreeKind, TreeNode, TreeState } from "../../src/call/tree.ts";

/**
 * Whether a child that ended is started again. `permanent`: always. `transient`: only after a failure. `temporary`:
 * never, not even together with its siblings; its spec is dropped when it ends.
 */
export type Restart = "permanent" | "transient" | "temporary";

/**
 * What follows when restarts are spent: `suspend` until the back-off's maximum is over, then start again; `escalate`:
 * fail to the parent.
 */
export type GiveUp = "suspend" | "escalate";

/**
 * How a child ended by itself. `normal`: it has done its work. `shutdown`: it was told to end, by whomever; counts as
 * normal. `failed`: anything else.
 */
export type Exit =
  | { readonly kind: "normal" }
  | { readonly kind: "shutdown" }
  | { readonly kind: "failed"; readonly error: unknown };

/** What a child is given when it starts. */
export interface StartContext {
  /**
   * Aborts when the start is to be given up, because it took too long or the supervisor stops. Silent once the start
   * is over. A start that goes on nevertheless is abandoned; a child that it yields later is stopped at once.
   */
  readonly signal: AbortSignal;
  /**
   * Reports that the child ended by itself and has cleaned up: it will not be told to stop. Only the first report
   * counts. Nothing is handled before the caller has returned.
   */
  exited(exit: Exit): void;
}

/** How a child is to stop. */
export interface StopOptions {
  /** Aborts when the time to stop is over; from the start where the spec says "brutal". */
  readonly signal: AbortSignal;
}

/** What a child tells about itself while it runs. */
export type ChildState = Partial<Omit<TreeNode, "id" | "restarts">>;

/** One running child. */
export interface Child {
  /**
   * Ends the child; settles when it has ended. Called once at most. What it throws is logged, the child counts as
   * ended. What has not settled shortly after the signal aborted is abandoned.
   */
  stop(options: StopOptions): void | PromiseLike<void>;
  /** How it is doing, as data. Called whenever the tree is read. */
  state?(): ChildState;
}

/** A limit of restarts of one child's own. */
export interface ChildLimit {
  /** Restarts within any period. */
  readonly intensity: number;
  /** Length of the period, in milliseconds. */
  readonly periodMs: number;
  /** When it is spent: `suspend` this child only, or `escalate`: its supervisor gives up. Default: `suspend`. */
  readonly onGiveUp?: GiveUp;
}

/** What a supervisor knows about a child. */
export interface ChildSpec {
  /** Unique among its siblings. */
  readonly id: string;
  /** When it is started again. Default: `permanent`. */
  readonly restart?: Restart;
  /**
   * How long it may take to stop, in milliseconds; `brutal`: no time. Default: 5,000; `Infinity` for a supervisor,
   * whose children have limits of their own. Only supervisors may have `Infinity`.
   */
  readonly shutdownMs?: number | "brutal";
  /** How long it may take to start, in milliseconds. Default: 30,000; `Infinity` for a supervisor, and only there. */
  readonly startMs?: number;
  /** Default: `worker`. */
  readonly type?: "worker" | "supervisor";
  /** What its node in the tree is called. Default: its type. */
  readonly kind?: TreeKind;
  /**
   * A limit of the child's own. Such a child spends this limit instead of the supervisor's: however often it fails,
   * its siblings' supervisor is not closed by it, unless `escalate` says so.
   */
  readonly limit?: ChildLimit;
  /** Starts it. A rejection is a failed start. */
  start(context: StartContext): Child | PromiseLike<Child>;
  /**
   * Told of every change of the child's state, at once; `reopensAtMs` while it is suspended. For whoever stands before
   * the child and must know whether to wait or to refuse. Must not throw.
   */
  onState?(state: TreeState, reopensAtMs: number | undefined): void;
}

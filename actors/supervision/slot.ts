import { Backoff } from "../../src/async/backoff.ts";
import type { Clock, Timer } from "../../src/async/clock.ts";
import type { Random } from "../../src/async/random.ts";
import type { ChildState } from "./child.ts";
import type { Incarnation } from "./incarnation.ts";
import { RestartLimit } from "./restart_limit.ts";
import type { CheckedSpec, Supervision } from "./supervision.ts";
import type { TreeFailure, TreeNode, TreeState } from "../../src/call/tree.ts";
import { treeFailure } from "./tree_failure.ts";

/** What all slots of a supervisor share. */
export interface SlotOptions {
  readonly supervision: Supervision;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when a listener of a child's spec threw. */
  readonly onListenerFailed: (slot: Slot, error: unknown) => void;
}

/** A child's place under its supervisor: it stays while incarnations come and go. */
export class Slot {
  readonly checked: CheckedSpec;
  /** A limit of the child's own. */
  readonly limit: RestartLimit | undefined;
  /** The incarnation that starts, runs or stops; `undefined` while there is none. */
  life: Incarnation | undefined;
  /** How often it was started. */
  starts = 0;
  readonly #options: SlotOptions;
  #state: TreeState = "stopped";
  #reopensAtMs: number | undefined;
  #lastFailure: TreeFailure | undefined;
  /** Made by the first failure. */
  #backoff: Backoff | undefined;
  #timer: Timer | undefined;

  constructor(checked: CheckedSpec, options: SlotOptions) {
    this.checked = checked;
    this.#options = options;
    const { limit } = checked.spec;
    if (limit !== undefined) this.limit = new RestartLimit({ ...limit, clock: options.clock });
  }

  get id(): string {
    return this.checked.id;
  }

  /** How often it was started again. */
  get restarts(): number {
    return Math.max(0, this.starts - 1);
  }

  get state(): TreeState {
    return this.#state;
  }

  /** Whether the child's own limit is spent, so that it waits for a time of its own. */
  get suspendedAlone(): boolean {
    return this.#state === "suspended" && this.#timer !== undefined;
  }

  /** Enters a state, and takes back what was to happen later. */
  enter(state: TreeState, reopensAtMs?: number): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (state === this.#state && reopensAtMs === this.#reopensAtMs) return;
    this.#state = state;
    this.#reopensAtMs = reopensAtMs;
    try {
      this.checked.spec.onState?.(state, reopensAtMs);
    } catch (error) {
      this.#options.onListenerFailed(this, error);
    }
  }

  /** Enters a state that `callback` ends in `ms`, unless another state is entered before. */
  enterFor(ms: number, state: "restarting" | "suspended", callback: () => void): void {
    const { clock } = this.#options;
    this.enter(state, state === "suspended" ? clock.now() + ms : undefined);
    this.#timer = clock.after(ms, () => {
      this.#timer = undefined;
      callback();
    });
  }

  /** Keeps a failure for whoever reads the tree. */
  failed(error: unknown): void {
    this.#lastFailure = treeFailure(error, this.#options.clock.now());
  }

  /** The wait before the next start, after an incarnation that ran for `ranMs`. */
  nextWaitMs(ranMs: number): number {
    const { supervision, random } = this.#options;
    this.#backoff ??= new Backoff({ ...supervision.backoff, random });
    if (ranMs >= (this.checked.spec.limit?.periodMs ?? supervision.periodMs)) this.#backoff.reset();
    return this.#backoff.next();
  }

  /** Restarts and waits begin anew. */
  forgive(): void {
    this.limit?.reset();
    this.#backoff?.reset();
  }

  /** The slot and its child as data. */
  node(): TreeNode {
    const own = this.#ownState();
    const lastFailure = later(this.#lastFailure, own.lastFailure);
    const reopensAtMs = this.#reopensAtMs ?? own.reopensAtMs;
    return {
      id: this.id,
      kind: this.checked.spec.kind ?? own.kind ?? this.checked.kind,
      state: this.#state === "running" ? own.state ?? "running" : this.#state,
      restarts: this.restarts,
      ...(lastFailure !== undefined && { lastFailure }),
      ...(reopensAtMs !== undefined && { reopensAtMs }),
      ...(own.abandoned !== undefined && { abandoned: own.abandoned }),
      ...(own.details !== undefined && { details: own.details }),
      children: own.children ?? [],
    };
  }

  #ownState(): ChildState {
    try {
      return this.life?.child?.state?.() ?? {};
    } catch (error) {
      // The tree is read when something is wrong: one child that cannot tell must not hide the others.
      return { details: { stateFailed: treeFailure(error, 0).message } };
    }
  }
}

function later(a: TreeFailure | undefined, b: TreeFailure | undefined): TreeFailure | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.atMs > a.atMs ? b : a;
}

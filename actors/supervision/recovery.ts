import type { Clock, Timer } from "../../src/async/clock.ts";
import { EVENTS } from "../../src/log/events.ts";
import { logger } from "../../src/log/log.ts";
import type { Exit } from "./child.ts";
import type { Children } from "./children.ts";
import { RestartLimit } from "./restart_limit.ts";
import type { Slot } from "./slot.ts";
import type { Supervision } from "./supervision.ts";
import type { TreeFailure, TreeState } from "../../src/call/tree.ts";
import { treeFailure } from "./tree_failure.ts";

/** What a {@linkcode Recovery} works with. */
export interface RecoveryOptions {
  /** The supervisor's id. */
  readonly supervisor: string;
  readonly supervision: Supervision;
  readonly children: Children;
  readonly clock: Clock;
  /** Runs an operation after all that were asked for before. */
  readonly serially: (operation: () => Promise<void>) => void;
  /** Whether the supervisor is being stopped: then nothing is started any more. */
  readonly stopping: () => boolean;
  /** Told that the supervisor has given up; its children are stopped by then. */
  readonly exited: (exit: Exit) => void;
}

/** Children that wait together for their start: siblings of one that failed, or all under a suspension. */
interface Wait {
  /** Where the start begins; `undefined`: with the first child. */
  first: Slot | undefined;
  readonly timer: Timer;
}

const log = logger("supervisor");

/**
 * What a supervisor does about a child that ended: who is started again with it, when, and when it is enough. Methods
 * that return promises are operations, of which one runs at a time.
 */
export class Recovery {
  readonly #options: RecoveryOptions;
  readonly #limit: RestartLimit;
  #state: TreeState = "running";
  #lastFailure: TreeFailure | undefined;
  #reopensAtMs: number | undefined;
  #wait: Wait | undefined;

  constructor(options: RecoveryOptions) {
    this.#options = options;
    this.#limit = new RestartLimit({ ...options.supervision, clock: options.clock });
  }

  /** `running`, or how far giving up has come: `stopping`, then `suspended` or `failed`. */
  get state(): TreeState {
    return this.#state;
  }

  /** Why it gave up last. */
  get lastFailure(): TreeFailure | undefined {
    return this.#lastFailure;
  }

  /** While it is suspended: when it starts again, epoch milliseconds. */
  get reopensAtMs(): number | undefined {
    return this.#reopensAtMs;
  }

  /** Restarts that are left at this moment. */
  get restartsLeft(): number {
    return this.#limit.remaining;
  }

  /** Whether a common start is to come that concerns this child. */
  concerns(slot: Slot): boolean {
    return this.#wait !== undefined && this.#group(this.#wait.first).includes(slot);
  }

  /** A new child, behind all others: makes it wait with them where they wait. `false` where they do not. */
  join(slot: Slot): boolean {
    if (!this.concerns(slot)) return false;
    slot.enter(this.#state === "suspended" ? "suspended" : "restarting", this.#reopensAtMs);
    return true;
  }

  /** A child is to be dropped: what would begin with it begins with the next one. */
  leave(slot: Slot): void {
    if (this.#wait?.first !== slot) return;
    const next = this.#options.children.from(slot)[1];
    if (next === undefined) this.cancel();
    else this.#wait.first = next;
  }

  /** Nothing is to be started any more. */
  cancel(): void {
    this.#wait?.timer.cancel();
    this.#wait = undefined;
    this.#reopensAtMs = undefined;
  }

  /**
   * A child ended, or did not start.
   *
   * @returns whether others that were to be started after it still are
   */
  async ended(slot: Slot, exit: Exit, ranMs: number): Promise<boolean> {
    const { restart, spec } = slot.checked;
    if (exit.kind === "failed") slot.failed(exit.error);
    if (restart === "temporary") this.#options.children.drop(slot);
    else if (restart === "transient" && exit.kind !== "failed") slot.enter("stopped");
    else if ((slot.limit ?? this.#limit).spend()) return await this.#restart(slot, ranMs);
    else if (slot.limit === undefined || spec.limit?.onGiveUp === "escalate") {
      await this.#giveUp(slot, exit);
      return false;
    } else this.#suspend(slot, exit);
    return true;
  }

  /** Ends the common wait, and a suspension: whom it concerns starts now. */
  async endWait(): Promise<void> {
    const { supervisor, children } = this.#options;
    const first = this.#wait?.first;
    this.cancel();
    if (this.#state === "suspended") {
      log.info(EVENTS.supervisor.reopens, { supervisor });
      this.#state = "running";
      this.#limit.reset();
      for (const slot of children.all()) slot.forgive();
    }
    await this.#startGroup(first);
  }

  /**
   * Starts a child that does not run. A start that fails counts as another failure.
   *
   * @returns whether others that were to be started after it still are
   */
  async start(slot: Slot): Promise<boolean> {
    const { children, stopping } = this.#options;
    try {
      await children.start(slot);
    } catch (error) {
      if (stopping()) return false;
      log.warn(EVENTS.supervisor.startFailed, children.names(slot, { error }));
      return await this.ended(slot, { kind: "failed", error }, 0);
    }
    return !stopping();
  }

  async #restart(slot: Slot, ranMs: number): Promise<boolean> {
    const { children, supervision, serially } = this.#options;
    const waitMs = slot.nextWaitMs(ranMs);
    const properties = { waitMs: Math.round(waitMs), restarts: slot.restarts + 1 };
    log.info(EVENTS.supervisor.childRestarting, children.names(slot, properties));
    if (supervision.strategy === "one_for_one") {
      slot.enterFor(waitMs, "restarting", () => serially(() => this.#waitedAlone(slot, "restarting")));
      return true;
    }
    const first = supervision.strategy === "rest_for_one" ? slot : undefined;
    if (await this.#stopGroup(slot)) this.#waitTogether(waitMs, first);
    return false;
  }

  /** The child's own limit is spent: only this child is out until the back-off's maximum is over. */
  #suspend(slot: Slot, exit: Exit): void {
    const { children, supervision, serially } = this.#options;
    const ms = supervision.backoff.maxMs;
    log.error(EVENTS.supervisor.childSuspended, children.names(slot, { ms, error: errorOf(exit) }));
    slot.enterFor(ms, "suspended", () => serially(() => this.#waitedAlone(slot, "suspended")));
  }

  /** The time of a child that waited alone has come. */
  async #waitedAlone(slot: Slot, waited: TreeState): Promise<void> {
    const { children, supervision, stopping } = this.#options;
    // What was decided between the timer and this operation stands.
    if (this.#state !== "running" || stopping()) return;
    if (children.get(slot.id) !== slot || slot.state !== waited) return;
    if (waited === "suspended") {
      log.info(EVENTS.supervisor.childReopens, children.names(slot));
      slot.forgive();
    }
    if (supervision.strategy === "one_for_one") await this.start(slot);
    else if (this.concerns(slot)) slot.enter("restarting");
    else if (await this.#stopGroup(slot)) await this.#startGroup(slot);
  }

  async #giveUp(slot: Slot, exit: Exit): Promise<void> {
    const { supervisor, children, clock, stopping, exited, supervision } = this.#options;
    const { intensity, periodMs } = slot.checked.spec.limit ?? supervision;
    const cause = errorOf(exit);
    const message =
      `Supervisor "${supervisor}" gave up: "${slot.id}" ended after ${intensity} restarts in ${periodMs} ms`;
    const error = new Error(message, { cause });
    log.error(EVENTS.supervisor.gaveUp, children.names(slot, { intensity, periodMs, error: cause }));
    this.#lastFailure = treeFailure(error, clock.now());
    this.#state = "stopping";
    this.cancel();
    await children.stopAll();
    if (stopping()) return;
    if (supervision.onGiveUp === "suspend") return this.#suspendAll();
    this.#state = "failed";
    exited({ kind: "failed", error });
  }

  #suspendAll(): void {
    const { supervisor, children, clock, supervision } = this.#options;
    const ms = supervision.backoff.maxMs;
    log.error(EVENTS.supervisor.suspended, { supervisor, ms });
    this.#state = "suspended";
    this.#waitTogether(ms, undefined);
    this.#reopensAtMs = clock.now() + ms;
    for (const slot of children.all()) {
      if (slot.checked.restart === "temporary") children.drop(slot);
      else slot.enter("suspended", this.#reopensAtMs);
    }
  }

  /** Stops whoever must not run on without this child. `false` when the supervisor is stopped meanwhile. */
  async #stopGroup(slot: Slot): Promise<boolean> {
    const { children, stopping } = this.#options;
    this.cancel();
    const group = this.#group(slot).filter((each) => !each.suspendedAlone);
    await children.stop(group);
    if (stopping()) return false;
    for (const each of group) {
      if (each.checked.restart === "temporary") children.drop(each);
      else each.enter("restarting");
    }
    return true;
  }

  async #startGroup(first: Slot | undefined): Promise<void> {
    for (const slot of this.#group(first)) {
      if (slot.life !== undefined || slot.suspendedAlone) continue;
      if (!await this.start(slot)) return;
    }
  }

  /** Whom a start that begins with this child concerns. */
  #group(first: Slot | undefined): Slot[] {
    const { children, supervision } = this.#options;
    if (first === undefined || supervision.strategy === "one_for_all") return children.all();
    return supervision.strategy === "rest_for_one" ? children.from(first) : [first];
  }

  #waitTogether(ms: number, first: Slot | undefined): void {
    const { clock, serially } = this.#options;
    const timer = clock.after(ms, () =>
      serially(async () => {
        if (this.#wait === wait) await this.endWait();
      }));
    const wait = this.#wait = { first, timer };
  }
}

/** What went wrong; an end without an error that came too often is wrong too. */
function errorOf(exit: Exit): unknown {
  return exit.kind === "failed"
    ? exit.error
    : new Error(`The child ended by itself, with exit "${exit.kind}"`);
}

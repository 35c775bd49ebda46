import { type Clock, systemClock } from "../../src/async/clock.ts";
import { type Random, systemRandom } from "../../src/async/random.ts";
import { EVENTS } from "../../src/log/events.ts";
import { logger } from "../../src/log/log.ts";
import type { Child, ChildSpec, Exit, StartContext, StopOptions } from "./child.ts";
import { Children } from "./children.ts";
import type { Incarnation } from "./incarnation.ts";
import { Recovery } from "./recovery.ts";
import type { Slot } from "./slot.ts";
import { type Strategy, supervisionOf, type SupervisionOptions } from "./supervision.ts";
import type { TreeKind, TreeNode, TreeState } from "../../src/call/tree.ts";

/** What a supervisor is made of. */
export interface SupervisorOptions extends SupervisionOptions {
  /** Its name in logs and in the tree. */
  readonly id: string;
  /** What its node in the tree is called. Default: `supervisor`. */
  readonly kind?: TreeKind;
  /** Its children, in the order in which they start. */
  readonly children?: readonly ChildSpec[];
  /** Where time comes from. Default: the machine's own. */
  readonly clock?: Clock;
  /** Where jitter comes from. Default: the machine's own. */
  readonly random?: Random;
}

const log = logger("supervisor");

/**
 * Starts children in order, starts them again when they fail, stops them in reverse, or gives up and tells its
 * parent. OTP's supervisor, with waits before restarts and with suspension.
 *
 * Operations run one after the other; what a child reports meanwhile is handled afterwards. A child must therefore
 * not wait for an operation of its own supervisor while it starts or stops. Once `stop()` has resolved there is no
 * timer and no listener of it left.
 */
export class Supervisor implements Child {
  /** Its name, as given. */
  readonly id: string;
  readonly #kind: TreeKind;
  readonly #strategy: Strategy;
  readonly #children: Children;
  readonly #recovery: Recovery;
  /** Settles when all operations that were asked for are over. Never rejects. */
  #operations: Promise<unknown> = Promise.resolve();
  #started = false;
  #stopping: Promise<void> | undefined;
  #stopped = false;

  private constructor(options: SupervisorOptions, exited: (exit: Exit) => void) {
    const { id, kind = "supervisor", clock = systemClock, random = systemRandom } = options;
    const supervision = supervisionOf(options);
    const onExit = (life: Incarnation, exit: Exit) =>
      void this.#serially(() => this.#childExited(life, exit));
    const children = new Children({ supervisor: id, supervision, clock, random, onExit });
    const serially = (operation: () => Promise<void>) => void this.#serially(operation);
    const stopping = () => this.#stopping !== undefined;
    this.id = id;
    this.#kind = kind;
    this.#strategy = supervision.strategy;
    this.#children = children;
    this.#recovery = new Recovery({
      supervisor: id,
      supervision,
      children,
      clock,
      serially,
      stopping,
      exited,
    });
    for (const spec of options.children ?? []) children.add(spec);
  }

  /**
   * Starts a supervisor and its children, one after the other. When one does not start, those before it are stopped
   * in reverse, and the promise rejects with that child's error, unchanged.
   *
   * @param context is told when the supervisor gives up with `escalate`, once its children are stopped; its signal
   * takes the start back, with what was started, and the promise rejects with the signal's reason
   * @throws {TypeError} on two children of one id, and on options of the wrong kind
   * @throws {RangeError} on numbers out of their range
   */
  static async start(options: SupervisorOptions, context: StartContext): Promise<Supervisor> {
    const { signal } = context;
    const supervisor = new Supervisor(options, (exit) => context.exited(exit));
    signal.throwIfAborted();
    const takeBack = () => void supervisor.stop();
    signal.addEventListener("abort", takeBack, { once: true });
    try {
      await supervisor.#serially(() => supervisor.#startAll());
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", takeBack);
    }
    if (!signal.aborted) return supervisor;
    await supervisor.stop();
    throw signal.reason;
  }

  /**
   * Adds a child behind all others. Resolves when it runs; while its siblings wait for a common start, after a failure
   * or under a suspension, it resolves at once and the child starts with them. Rejects, and keeps nothing, when the
   * child does not start. A child that was added is gone when the supervisor itself is started again.
   *
   * @throws {TypeError} on an id that is taken, and when the supervisor stops
   */
  add(spec: ChildSpec): Promise<void> {
    return this.#operate("add", spec.id, async () => {
      const slot = this.#children.add(spec);
      if (this.#recovery.join(slot)) return;
      try {
        await this.#children.start(slot);
      } catch (error) {
        this.#children.drop(slot);
        this.#startFailed(slot, error);
        throw error;
      }
    });
  }

  /**
   * Stops a child and forgets it; its siblings go on. Resolves when it has ended or was abandoned.
   *
   * @throws {TypeError} when there is no such child, and when the supervisor stops
   */
  remove(id: string): Promise<void> {
    return this.#operate("remove", id, async () => {
      const slot = this.#slotOf("remove", id);
      await this.#children.stop([slot]);
      if (this.#stopping !== undefined) return;
      this.#recovery.leave(slot);
      this.#children.drop(slot);
    });
  }

  /**
   * Starts a child afresh, now: one that runs is stopped first, one that waits or is suspended waits no longer; its
   * limit and its waits begin anew. It spends no restart, and its siblings go on; where it waits together with
   * siblings, all of them start now. Resolves when it runs. Rejects when it does not start, which is then treated as
   * any restart that failed.
   *
   * @throws {TypeError} when there is no such child, and when the supervisor stops
   */
  restart(id: string): Promise<void> {
    return this.#operate("restart", id, async () => {
      const slot = this.#slotOf("restart", id);
      await this.#children.stop([slot]);
      if (this.#stopping !== undefined) throw this.#refusal("restart", id);
      slot.forgive();
      slot.enter("restarting");
      if (this.#recovery.concerns(slot)) await this.#recovery.endWait();
      else await this.#recovery.start(slot);
      if (slot.life === undefined) {
        throw new Error(
          `Cannot restart "${id}": it did not start: ${slot.node().lastFailure?.message ?? "it waits"}`,
        );
      }
    });
  }

  /**
   * Stops all children in reverse, each within its own time, and the supervisor: while it runs, starts, restarts,
   * waits or is suspended. Idempotent; may be asked again with a signal.
   *
   * @param options when the signal aborts, no child has time left: all are told at once
   */
  stop({ signal }: Partial<StopOptions> = {}): Promise<void> {
    const stopped = this.#stopping ?? this.#stop();
    if (signal === undefined) return stopped;
    const hurry = () => this.#children.hurry();
    if (signal.aborted) hurry();
    signal.addEventListener("abort", hurry, { once: true });
    return stopped.finally(() => signal.removeEventListener("abort", hurry));
  }

  /** The supervisor and everything below it as data. */
  state(): TreeNode {
    const abandoned = this.#children.abandoned.node;
    const { lastFailure, reopensAtMs, restartsLeft } = this.#recovery;
    return {
      id: this.id,
      kind: this.#kind,
      state: this.#state,
      restarts: 0,
      ...(lastFailure !== undefined && { lastFailure }),
      ...(reopensAtMs !== undefined && { reopensAtMs }),
      ...(abandoned !== undefined && { abandoned }),
      details: { strategy: this.#strategy, restartsLeft },
      children: this.#children.all().map((slot) => slot.node()),
    };
  }

  get #state(): TreeState {
    if (this.#recovery.state === "failed") return "failed";
    if (this.#stopped) return "stopped";
    if (this.#stopping !== undefined) return "stopping";
    return this.#started ? this.#recovery.state : "starting";
  }

  async #startAll(): Promise<void> {
    for (const slot of this.#children.all()) {
      try {
        await this.#children.start(slot);
        if (this.#stopping !== undefined) throw this.#refusal("start", slot.id);
      } catch (error) {
        this.#startFailed(slot, error);
        await this.#children.stopAll();
        this.#stopped = true;
        throw error;
      }
    }
    this.#started = true;
  }

  #stop(): Promise<void> {
    this.#stopping = this.#serially(async () => {
      // What ran before this operation may have begun another wait.
      this.#recovery.cancel();
      await this.#children.stopAll();
      this.#stopped = true;
    });
    this.#recovery.cancel();
    this.#children.interrupt();
    return this.#stopping;
  }

  async #childExited(life: Incarnation, exit: Exit): Promise<void> {
    const { checked, ranMs } = life;
    const { childFailed, childEnded } = EVENTS.supervisor;
    if (exit.kind === "failed") log.warn(childFailed, this.#children.names(checked, { error: exit.error }));
    else log.info(childEnded, this.#children.names(checked, { exit: exit.kind }));
    const slot = this.#children.get(checked.id);
    // It was stopped or replaced meanwhile: an earlier incarnation decides nothing.
    if (slot?.life !== life) return;
    slot.life = undefined;
    if (this.#stopping === undefined) await this.#recovery.ended(slot, exit, ranMs);
  }

  #serially<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#operations.then(operation);
    this.#operations = result.catch(() => undefined);
    return result;
  }

  /** An operation that somebody asked for: refused once the supervisor stops, also while it waits for its turn. */
  #operate(name: string, id: string, operation: () => Promise<void>): Promise<void> {
    return this.#serially(() => {
      const over = this.#stopping !== undefined || this.#stopped || this.#recovery.state === "failed";
      return over ? Promise.reject(this.#refusal(name, id)) : operation();
    });
  }

  #slotOf(name: string, id: string): Slot {
    const slot = this.#children.get(id);
    if (slot !== undefined) return slot;
    throw new TypeError(`Cannot ${name} "${id}": supervisor "${this.id}" has no such child`);
  }

  #refusal(name: string, id: string): TypeError {
    return new TypeError(`Cannot ${name} "${id}": supervisor "${this.id}" is ${this.#state}`);
  }

  #startFailed(slot: Slot, error: unknown): void {
    if (this.#stopping === undefined) {
      log.warn(EVENTS.supervisor.startFailed, this.#children.names(slot, { error }));
    }
  }
}

import type { Actor, AnyHandler } from "../src/call/handler.ts";
import { isPromiseLike } from "../src/async/promise_like.ts";
import type { RpcError } from "../src/errors/rpc_error.ts";
import { Abandoned } from "./supervision/abandoned.ts";
import { ActorCell } from "./cells/actor_cell.ts";
import type { ActorKeeper, ActorOptions } from "./cells/actor_keeper.ts";
import type { Child, ChildSpec, Exit, StartContext } from "./supervision/child.ts";
import type { Behaviour } from "./cells/life.ts";
import type { ActorPlan } from "./serve_plan.ts";
import type { Supervisor } from "./supervision/supervisor.ts";
import { notStarted, suspended } from "./cells/suspended.ts";
import type { TreeState } from "../src/call/tree.ts";

/** What a method that is an `actor()` is made of. */
export interface MethodActorOptions
  extends Omit<ActorOptions, "behaviour" | "keeper" | "shutdownMs" | "abandoned"> {
  readonly method: string;
  /** Its name in chains of calls. */
  readonly address: string;
  readonly actor: Actor<unknown>;
  readonly plan: ActorPlan;
  /** The service's supervisor, once it runs. */
  readonly supervisor: () => Supervisor | undefined;
}

/**
 * A method that is an `actor()`, as a child of its service's supervisor: that decides when it has a life, and what
 * follows when one ends.
 */
export class MethodActor implements ActorKeeper {
  readonly retries: boolean;
  readonly cell: ActorCell;
  readonly abandoned: Abandoned = new Abandoned();
  readonly #options: MethodActorOptions;
  #context: StartContext | undefined;
  /** Whether a call has asked for a start that is still to come. */
  #asked = false;
  #failure: unknown;
  /** What the last start ended with, where it did not go well. */
  #startError: { readonly error: unknown } | undefined;

  constructor(options: MethodActorOptions) {
    const { actor, plan, address } = options;
    this.#options = options;
    this.retries = plan.restart !== "temporary";
    this.cell = new ActorCell({
      ...options,
      behaviour: behaviourOf(actor, address),
      keeper: this,
      shutdownMs: plan.shutdownMs,
      abandoned: this.abandoned,
    }, address);
  }

  /** How its service's supervisor starts and restarts it. */
  get spec(): ChildSpec {
    const { method, plan: { restart, shutdownMs, startMs, limit } } = this.#options;
    return {
      id: method,
      kind: "method",
      restart,
      shutdownMs,
      startMs,
      limit,
      start: (context) => this.#start(context),
      onState: (state, reopensAtMs) => this.#changed(state, reopensAtMs),
    };
  }

  wanted(): RpcError | undefined {
    const supervisor = this.#options.supervisor();
    if (this.#asked || supervisor === undefined) return undefined;
    this.#asked = true;
    const { method, plan: { restart } } = this.#options;
    // A temporary child is forgotten when it ends. What does not start is the supervisor's to log and to try again.
    const starting = restart === "temporary" ? supervisor.add(this.spec) : supervisor.restart(method);
    starting.catch(() => {}).finally(() => this.#asked = false);
    return undefined;
  }

  exited(_cell: ActorCell, exit: Exit): void {
    if (exit.kind === "failed") this.#failure = exit.error;
    this.#context?.exited(exit);
  }

  idle(): void {}

  async #start(context: StartContext): Promise<Child> {
    const { signal } = context;
    const giveUp = () => void this.cell.close();
    signal.addEventListener("abort", giveUp, { once: true });
    this.#context = context;
    this.#startError = undefined;
    try {
      await this.cell.open();
    } catch (error) {
      this.#failure = error;
      this.#startError = { error };
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
    return { stop: () => this.cell.close() };
  }

  #changed(state: TreeState, reopensAtMs: number | undefined): void {
    const { cell } = this;
    if (state === "suspended") cell.suspend(suspended(cell.name, this.#failure, reopensAtMs));
    // Nobody starts it again unless a call comes: those that wait for a start that failed would start it for ever.
    else if (state === "stopped") {
      cell.rest(this.#startError && notStarted(cell.name, this.#startError.error));
    }
  }
}

function behaviourOf(actor: Actor<unknown>, address: string): Behaviour {
  const check = (made: unknown): AnyHandler => {
    if (isHandler(made)) return made;
    throw new TypeError(
      `Cannot start "${address}": its factory returned ${typeof made}: return the handler, actor(() => handler)`,
    );
  };
  return {
    make: (context) => {
      const made = actor["~actor"](context);
      return isPromiseLike(made) ? made.then(check) : check(made);
    },
    answer: (state, _method, input, context) => isHandler(state) ? state(input, context) : undefined,
  };
}

/** Any function will do: the compiler has checked what it takes, and the codec what it is given. */
function isHandler(value: unknown): value is AnyHandler {
  return typeof value === "function";
}

import type { QueueRef } from "../src/transport/transport.ts";
import type { Child, ChildSpec, Exit, StartContext } from "./supervision/child.ts";
import { type Recipe, Serving } from "./serving.ts";

/** What became of the calls to a contract that a system serves. The rest is in the system's tree. */
export interface ServiceState {
  /** The contract's name. */
  readonly contract: string;
  /** The queues that this instance owns now. */
  readonly queues: readonly QueueRef[];
  /** Calls received and not settled. */
  readonly unsettled: number;
  /** Requests put into the dead-letter queue. */
  readonly deadLetters: number;
  /** Replies that could not be stored before their deadline. */
  readonly undelivered: number;
  /** Suspects whose reply was found on the broker. */
  readonly foundAgain: number;
  /** Calls that came a second time. */
  readonly duplicates: number;
  /** Calls that nobody was told of, because they had expired long before. */
  readonly expiredUnanswered: number;
}

/** A contract being served. */
export interface ServiceHandle extends AsyncDisposable {
  /** The contract's name. */
  readonly contract: string;
  /** What became of its calls, since the service was started last. */
  state(): ServiceState;
  /**
   * Hands all queues over (handlers finish, at most 5 s), stops its actors in reverse order and leaves the group.
   * Idempotent.
   */
  stop(): Promise<void>;
}

const NOTHING: Omit<ServiceState, "contract"> = {
  queues: [],
  unsettled: 0,
  deadLetters: 0,
  undelivered: 0,
  foundAgain: 0,
  duplicates: 0,
  expiredUnanswered: 0,
};

/**
 * A contract that a system serves, as a child of its root. The first start does not wait for those of other
 * contracts; the root takes it over, and makes later ones.
 */
export class ServedService implements ServiceHandle {
  readonly #recipe: Recipe;
  readonly #remove: () => Promise<void>;
  #serving: Serving | undefined;
  /** The first one, until the root has it. */
  #first: Serving | undefined;
  #context: Pick<StartContext, "exited"> | undefined;
  #failedEarly: Exit | undefined;
  #stopping: Promise<void> | undefined;

  /**
   * @param recipe what it is started with, each time
   * @param remove takes it out of the root, which stops it
   */
  constructor(recipe: Recipe, remove: () => Promise<void>) {
    this.#recipe = recipe;
    this.#remove = remove;
  }

  get contract(): string {
    return this.#recipe.contract.name;
  }

  /** Starts it for the first time. Throws what {@linkcode Serving.start} throws. */
  async begin(signal: AbortSignal): Promise<Serving> {
    this.#first = await this.#startServing(signal);
    return this.#first;
  }

  /** How the root keeps it. */
  get spec(): ChildSpec {
    return {
      id: this.contract,
      kind: this.#recipe.contract.kind,
      type: "supervisor",
      start: (context) => this.#start(context),
    };
  }

  state(): ServiceState {
    const { contract } = this;
    if (this.#serving === undefined) return { contract, ...NOTHING };
    const { queues, counts } = this.#serving;
    const { unsettled, deadLetters, undelivered, foundAgain, duplicates, expiredUnanswered } = counts;
    return {
      contract,
      queues,
      unsettled,
      deadLetters,
      undelivered,
      foundAgain,
      duplicates,
      expiredUnanswered,
    };
  }

  stop(): Promise<void> {
    return this.#stopping ??= this.#remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(context: StartContext): Promise<Child> {
    this.#context = context;
    const first = this.#first;
    this.#first = undefined;
    if (this.#failedEarly?.kind === "failed") throw this.#failedEarly.error;
    return first ?? await this.#startServing(context.signal);
  }

  async #startServing(signal: AbortSignal): Promise<Serving> {
    return this.#serving = await Serving.start(this.#recipe, {
      signal,
      exited: (exit) => this.#exited(exit),
    });
  }

  #exited(exit: Exit): void {
    this.#serving = undefined;
    if (this.#context === undefined) this.#failedEarly = exit;
    else this.#context.exited(exit);
  }
}

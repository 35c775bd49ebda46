import { createDeferred } from "../src/async/deferred.ts";
import type { Contract } from "../src/contract/types.ts";
import { EVENTS } from "../src/log/events.ts";
import { logger } from "../src/log/log.ts";
import { serveContract, type Served } from "../src/server/server.ts";
import type { DirectListener } from "../src/server/direct_listener.ts";
import type { ServiceParts } from "../src/server/service_parts.ts";
import type { Counts } from "../src/server/shared.ts";
import type { QueueRef } from "../src/transport/transport.ts";
import type { Actors } from "./actors.ts";
import type { CellHost } from "./cells/cell_host.ts";
import type { Child, ChildState, Exit, StartContext, StopOptions } from "./supervision/child.ts";
import { EntityActors } from "./entity.ts";
import type { ServeOptions } from "./serve_options.ts";
import { ServiceActors } from "./service.ts";
import type { TreeNode } from "../src/call/tree.ts";

const log = logger("supervisor");

/** What a contract is served with, each time that it is started. */
export interface Recipe {
  readonly contract: Contract;
  /** Handlers, or the factory of an entity's actors. */
  readonly implementation: unknown;
  readonly options: ServeOptions;
  readonly host: CellHost;
  readonly parts: ServiceParts;
  /** Where cancels arrive that their callers send past all queues. */
  readonly direct: Pick<DirectListener, "add" | "remove">;
}

/** What became of the calls to a contract, as numbers. */
export type ServingCounts =
  & Readonly<Counts>
  & Readonly<
    Record<
      | "unsettled"
      | "deadLetters"
      | "undelivered"
      | "lostAnswers"
      | "streamsRunning"
      | "streams"
      | "items"
      | "readersGone",
      number
    >
  >;

/**
 * A contract being served: its actors, and the intake that feeds them. Starts the actors first and stops them last, so
 * that no call finds them gone.
 */
export class Serving implements Child {
  readonly #recipe: Recipe;
  readonly #actors: Actors;
  readonly #served: Served;
  readonly #context: StartContext;
  #stopping: Promise<void> | undefined;

  private constructor(recipe: Recipe, actors: Actors, served: Served, context: StartContext) {
    this.#recipe = recipe;
    this.#actors = actors;
    this.#served = served;
    this.#context = context;
  }

  /**
   * Starts to serve. Resolves after the first rebalance round.
   *
   * @param context is told when the actors give up, once everything is stopped; its signal takes the start back
   * @throws {TypeError} what {@linkcode actorsOf} throws
   * @throws {RpcError} `unavailable` / `not_sent` when topics cannot be made or the group cannot be joined
   */
  static async start(recipe: Recipe, context: StartContext): Promise<Serving> {
    const { contract, parts } = recipe;
    const { signal } = context;
    const actors = actorsOf(recipe);
    const gaveUp = createDeferred<Exit>();
    try {
      await actors.start({ signal, exited: gaveUp.resolve });
      const served = await serveContract(contract, actors, parts, { signal });
      recipe.direct.add(served);
      const serving = new Serving(recipe, actors, served, context);
      void gaveUp.promise.then((exit) => serving.#fail(exit));
      return serving;
    } catch (error) {
      await actors.stop({ signal });
      throw error;
    }
  }

  /** The queues that this instance owns now. */
  get queues(): readonly QueueRef[] {
    return this.#served.queues;
  }

  /** What became of its calls so far. */
  get counts(): ServingCounts {
    const { unsettled, deadLetters, undelivered, lostAnswers, counts } = this.#served;
    const { running: streamsRunning, streams, items, readersGone } = this.#served.streams;
    return {
      unsettled,
      deadLetters,
      undelivered,
      lostAnswers,
      streamsRunning,
      streams,
      items,
      readersGone,
      ...counts,
    };
  }

  /** Hands all queues over, then ends the actors. */
  stop(options: StopOptions): Promise<void> {
    return this.#stopping ??= this.#stop(options);
  }

  state(): ChildState {
    return { kind: this.#recipe.contract.kind, children: [this.#intake(), ...this.#actors.nodes()] };
  }

  async #stop(options: StopOptions): Promise<void> {
    try {
      await this.#served.stop();
    } finally {
      this.#recipe.direct.remove(this.#served);
      await this.#actors.stop(options);
    }
  }

  async #fail(exit: Exit): Promise<void> {
    if (this.#stopping !== undefined) return;
    try {
      await this.stop({ signal: new AbortController().signal });
    } catch (error) {
      // What the actors failed with is what has to be told.
      const supervisor = this.#recipe.contract.name;
      log.warn(EVENTS.supervisor.stopFailed, { supervisor, child: "intake", error });
    }
    this.#context.exited(exit);
  }

  #intake(): TreeNode {
    const holders = new Map(this.#served.holders.map((holder) => [holder.queue, holder]));
    const partitions = this.queues.map(({ broker, id: number }): TreeNode => {
      const id = `${broker}/${number}`;
      const holder = holders.get(id);
      const held = holder &&
        `${holder.method} ${holder.callId}${holder.key === undefined ? "" : ` of key ${holder.key}`}`;
      return {
        id,
        kind: "partition",
        state: "running",
        restarts: 0,
        ...(holder !== undefined && held !== undefined &&
          { details: { heldBy: held, heldMs: Math.round(holder.heldMs) } }),
        children: [],
      };
    });
    return {
      id: "intake",
      kind: "intake",
      state: "running",
      restarts: 0,
      details: this.counts,
      children: partitions,
    };
  }
}

/**
 * Makes the actors of a contract; none of them runs yet.
 *
 * @throws {TypeError} when handlers do not fit the contract, or options mean nothing
 * @throws {RangeError} on numbers out of their range
 */
function actorsOf({ contract, implementation, options, host }: Recipe): Actors {
  return contract.kind === "entity"
    ? new EntityActors(contract, implementation, options, host)
    : new ServiceActors(contract, implementation, options, host);
}

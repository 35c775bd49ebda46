import { isPromiseLike } from "../src/async/promise_like.ts";
import type { CellContext } from "../src/call/handler.ts";
import type { InboundCall } from "../src/call/inbound.ts";
import type { Awaitable, Contract } from "../src/contract/types.ts";
import { Abandoned } from "./supervision/abandoned.ts";
import type { ActorCell } from "./cells/actor_cell.ts";
import type { Actors } from "./actors.ts";
import type { CellHost } from "./cells/cell_host.ts";
import type { StartContext } from "./supervision/child.ts";
import { ENTITY_MAILBOX } from "./defaults.ts";
import { EntityCells } from "./cells/entity_cells.ts";
import { propertyOf } from "./handlers.ts";
import type { Behaviour } from "./cells/life.ts";
import { RunWatch } from "./cells/run_watch.ts";
import type { ServeOptions } from "./serve_options.ts";
import { entityPlan } from "./serve_plan.ts";
import type { TreeNode, TreeState } from "../src/call/tree.ts";

/** Cells that the tree shows at most: those that failed, then the oldest. */
const MAX_NODES = 100;

/** The actors of an entity: one per key. */
export class EntityActors implements Actors {
  readonly #cells: EntityCells;
  readonly #abandoned = new Abandoned();
  readonly #watch: RunWatch;
  #context: StartContext | undefined;
  #onRoom: () => void = () => {};

  /**
   * @param contract an entity
   * @param factory makes the actor of a key
   * @throws {TypeError} when `factory` is no function; on options that mean nothing
   * @throws {RangeError} on numbers out of their range
   */
  constructor(contract: Contract, factory: unknown, options: ServeOptions, host: CellHost) {
    const plan = entityPlan(options);
    this.#watch = new RunWatch(host.clock, plan.abandonAfterMs);
    const { restart, shutdownMs, startMs } = plan.actor;
    const { supervision, passivateAfterMs, maxCells } = plan;
    this.#cells = new EntityCells({
      behaviour: behaviourOf(contract, factory),
      host,
      watch: this.#watch,
      bounds: { maxCalls: plan.mailboxCalls, maxBytes: ENTITY_MAILBOX.bytes, budget: host.budget },
      onRoom: () => this.#onRoom(),
      shutdownMs,
      abandoned: this.#abandoned,
      limits: { supervision, restart, startMs, passivateAfterMs, maxCells },
      onGiveUp: (error) => this.#context?.exited({ kind: "failed", error }),
    });
  }

  readonly deliver = (call: InboundCall): boolean => this.#cells.deliver(call);

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  released(partition: string): Promise<void> {
    return this.#cells.released(partition);
  }

  start(context: StartContext): Promise<void> {
    this.#context = context;
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#cells.stop();
    this.#watch.close();
  }

  nodes(): readonly TreeNode[] {
    const { size, idleCells, restartsLeft, counts, troubles, cells } = this.#cells;
    const left = this.#abandoned.node;
    const shown = new Set<ActorCell>();
    let depth = 0;
    let running = 0;
    for (const cell of this.#cells.cells) {
      depth += cell.depth;
      running += cell.running;
    }
    for (const list of [troubles.cells, cells]) {
      for (const cell of list) {
        if (shown.size === MAX_NODES) break;
        shown.add(cell);
      }
    }
    return [{
      id: "cells",
      kind: "supervisor",
      state: "running",
      restarts: counts.failures,
      ...(left !== undefined && { abandoned: left }),
      details: {
        cells: size,
        depth,
        running,
        idle: idleCells,
        restartsLeft,
        ...counts,
        ...(left !== undefined && { endedLate: this.#abandoned.endedLate }),
      },
      children: [...shown].map((cell) => this.#node(cell)),
    }];
  }

  #node(cell: ActorCell): TreeNode {
    const { key = "", phase, depth, running, crashes, partition } = cell;
    const trouble = this.#cells.troubles.get(cell);
    return {
      id: key,
      kind: "cell",
      state: STATES[phase],
      restarts: trouble?.failures ?? 0,
      ...(trouble !== undefined && { lastFailure: trouble.lastFailure }),
      ...(trouble?.reopensAtMs !== undefined && { reopensAtMs: trouble.reopensAtMs }),
      details: { depth, running, crashes, partition },
      children: [],
    };
  }
}

const STATES: Readonly<Record<ActorCell["phase"], TreeState>> = {
  resting: "stopped",
  opening: "starting",
  open: "running",
  closing: "stopping",
  waiting: "restarting",
  suspended: "suspended",
};

function behaviourOf(contract: Contract, factory: unknown): Behaviour {
  if (typeof factory !== "function") {
    throw new TypeError(
      `Cannot serve "${contract.name}": write a function that makes the actor of a key, (key, cell) => new MyActor(key)`,
    );
  }
  const methods = Object.keys(contract.methods);
  const check = (made: unknown): object => {
    if (typeof made !== "object" || made === null) {
      throw new TypeError(
        `Cannot start an actor of "${contract.name}": its factory returned ${typeof made}, not an object`,
      );
    }
    for (const method of methods) {
      if (typeof propertyOf(made, method) !== "function") {
        throw new TypeError(
          `Cannot start an actor of "${contract.name}": what its factory returned has no method "${method}"`,
        );
      }
    }
    return made;
  };
  return {
    make: (context: CellContext): Awaitable<object> => {
      const made: unknown = factory(context.key, context);
      return isPromiseLike(made) ? made.then(check) : check(made);
    },
    answer: (state, method, input, context) => {
      // `check` has let it through.
      const actor = state as Readonly<Record<string, (input: unknown, given: unknown) => unknown>>;
      return actor[method]?.(input, context);
    },
  };
}

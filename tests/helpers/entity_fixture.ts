import { Abandoned } from "../../actors/supervision/abandoned.ts";
import { ByteBudget } from "../../actors/cells/byte_budget.ts";
import type { Restart } from "../../actors/supervision/child.ts";
import { EntityCells, type EntityLimits } from "../../actors/cells/entity_cells.ts";
import { RunWatch } from "../../actors/cells/run_watch.ts";
import { supervisionOf, type SupervisionOptions } from "../../actors/supervision/supervision.ts";
import type { CellContext, HandlerContext } from "../../src/call/handler.ts";
import { method } from "../../src/contract/method.ts";
import { cellHost } from "./cell_host.ts";
import { FakeCall } from "./inbound_call.ts";
import { ManualClock } from "./manual_clock.ts";

/** What a test may set of an entity. */
export interface EntityFixtureOptions extends Partial<Omit<EntityLimits, "supervision">> {
  readonly supervision?: SupervisionOptions;
  readonly restart?: Restart;
  readonly shutdownMs?: number;
  readonly mailboxCalls?: number;
  readonly clock?: ManualClock;
}

/** The cells of an entity, and what they tell. */
export class EntityFixture {
  readonly clock: ManualClock;
  readonly abandoned = new Abandoned();
  readonly cells: EntityCells;
  readonly gaveUp: Error[] = [];
  rooms = 0;
  #calls = 0;

  /**
   * @param make makes the state of a key
   * @param answer is the handler, on that state
   */
  constructor(
    make: (key: string, context: CellContext) => unknown,
    answer: (state: unknown, input: unknown, context: HandlerContext) => unknown,
    options: EntityFixtureOptions = {},
  ) {
    const clock = this.clock = options.clock ?? new ManualClock();
    this.cells = new EntityCells({
      behaviour: {
        make: (context) => make(context.key ?? "", context),
        answer: (state, _method, input, context) => answer(state, input, context),
      },
      host: cellHost(clock, { name: "test.Entity", kind: "entity" }),
      watch: new RunWatch(clock, 30_000),
      bounds: { maxCalls: options.mailboxCalls ?? 64, maxBytes: 1_000, budget: new ByteBudget(Infinity) },
      onRoom: () => this.rooms++,
      shutdownMs: options.shutdownMs ?? 5_000,
      abandoned: this.abandoned,
      limits: {
        supervision: supervisionOf(options.supervision),
        restart: options.restart ?? "permanent",
        startMs: options.startMs ?? 30_000,
        passivateAfterMs: options.passivateAfterMs ?? 60_000,
        maxCells: options.maxCells ?? 10_000,
      },
      onGiveUp: (error) => this.gaveUp.push(error),
    });
  }

  /** A call of a key, idempotent. */
  call(key: string, input: unknown = key, partition = "a/0"): FakeCall {
    const call = new FakeCall(`${this.#calls++}`, input);
    call.settings = method({ idempotent: true }).settings;
    call.key = key;
    call.partition = partition;
    return call;
  }

  /** Delivers a new call of a key, which must be taken. */
  send(key: string, input: unknown = key, partition = "a/0"): FakeCall {
    const call = this.call(key, input, partition);
    if (!this.cells.deliver(call)) throw new Error(`No room for a call of "${key}"`);
    return call;
  }

  /** The keys that have a cell. */
  get keys(): readonly (string | undefined)[] {
    return [...this.cells.cells].map(({ key }) => key);
  }
}

import { Abandoned } from "../../actors/supervision/abandoned.ts";
import { ActorCell } from "../../actors/cells/actor_cell.ts";
import type { ActorKeeper, ActorOptions } from "../../actors/cells/actor_keeper.ts";
import { ByteBudget } from "../../actors/cells/byte_budget.ts";
import type { Exit } from "../../actors/supervision/child.ts";
import { RunWatch } from "../../actors/cells/run_watch.ts";
import type { Behaviour } from "../../actors/cells/life.ts";
import type { CellContext, HandlerContext } from "../../src/call/handler.ts";
import { method } from "../../src/contract/method.ts";
import type { RpcError } from "../../src/errors/rpc_error.ts";
import { cellHost } from "./cell_host.ts";
import { FakeCall } from "./inbound_call.ts";
import { ManualClock } from "./manual_clock.ts";

/** A call of an idempotent method: it may run again. */
export function idempotent(id: string, input: unknown = id): FakeCall {
  const call = new FakeCall(id, input);
  call.settings = method({ idempotent: true }).settings;
  return call;
}

/** Makes states that say the how-manieth life theirs is, from 1. */
export function lives(): () => unknown {
  let made = 0;
  return () => ({ life: ++made });
}

/** One actor whose keeper is the test: it opens the cell when a call wants that, and remembers what it is told. */
export class CellFixture implements ActorKeeper {
  readonly clock = new ManualClock();
  readonly abandoned = new Abandoned();
  readonly exits: Exit[] = [];
  readonly ranMs: number[] = [];
  readonly contexts: CellContext[] = [];
  retries = true;
  /** What answers the calls for which the cell was to be opened. */
  refusal: RpcError | undefined;
  wants = 0;
  idles = 0;
  rooms = 0;
  readonly cell: ActorCell;

  /**
   * @param make makes the state
   * @param answer is the handler: on that state
   */
  constructor(
    make: (context: CellContext) => unknown,
    answer: (state: unknown, input: unknown, context: HandlerContext) => unknown,
    options: Partial<ActorOptions> & { readonly key?: string } = {},
  ) {
    const host = options.host ?? cellHost(this.clock);
    const behaviour: Behaviour = {
      make: (context) => {
        this.contexts.push(context);
        return make(context);
      },
      answer: (state, _method, input, context) => answer(state, input, context),
    };
    this.cell = new ActorCell(
      {
        behaviour,
        keeper: this,
        host,
        watch: new RunWatch(this.clock, 30_000),
        bounds: { maxCalls: 64, maxBytes: 1_000, budget: new ByteBudget(Infinity) },
        onRoom: () => this.rooms++,
        shutdownMs: 5_000,
        abandoned: this.abandoned,
        ...options,
      },
      options.key === undefined ? "test.Service/run" : `test.Entity@${options.key}`,
      options.key,
    );
  }

  wanted(cell: ActorCell): RpcError | undefined {
    this.wants++;
    if (this.refusal === undefined) void cell.open();
    return this.refusal;
  }
  exited(_cell: ActorCell, exit: Exit, ranMs: number): void {
    this.exits.push(exit);
    this.ranMs.push(ranMs);
  }
  idle(): void {
    this.idles++;
  }
}

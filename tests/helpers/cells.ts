import { Cell, type CellOptions } from "../../actors/cells/cell.ts";
import { KeyedOrder } from "../../actors/cells/keyed_order.ts";
import { FifoMailbox } from "../../actors/cells/mailbox.ts";
import type { MailboxBounds } from "../../actors/cells/room.ts";
import { RunWatch } from "../../actors/cells/run_watch.ts";
import type { Clock } from "../../src/async/clock.ts";
import type { AnyHandler } from "../../src/call/handler.ts";
import { idempotent } from "./actor_cells.ts";
import { cellHost } from "./cell_host.ts";
import type { FakeCall } from "./inbound_call.ts";
import { ManualClock } from "./manual_clock.ts";

/** What a test may set of a function's cell. */
export interface CellFixtureOptions extends Partial<Pick<CellOptions, "concurrency" | "mailbox" | "host">> {
  readonly clock?: Clock;
}

/** The bounds of a mailbox in which a number of calls have room. */
export function roomFor(maxCalls: number): MailboxBounds {
  return { maxCalls, maxBytes: Infinity, budget: cellHost(new ManualClock()).budget };
}

/** A function's cell that takes calls in order, two at once unless told. */
export function cellOf(handler: AnyHandler, options: CellFixtureOptions = {}): Cell {
  const { clock = new ManualClock(), concurrency = 2 } = options;
  return new Cell({
    address: "test.Service/run",
    handler,
    concurrency,
    mailbox: options.mailbox ?? new FifoMailbox(roomFor(10_000), () => {}),
    host: options.host ?? cellHost(clock),
    watch: new RunWatch(clock, 30_000),
  });
}

/** A function's cell for calls with keys. */
export function keyedCell(handler: AnyHandler): Cell {
  return cellOf(handler, { concurrency: 8, mailbox: new KeyedOrder(roomFor(100), () => {}) });
}

/** A call with a key, its id and its input being the same. */
export function keyed(id: string, key: string): FakeCall {
  const call = idempotent(id);
  call.key = key;
  return call;
}

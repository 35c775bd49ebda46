import { FUNCTION_CONCURRENCY, MAILBOX_BYTES, MAILBOX_CALLS } from "../src/call/defaults.ts";
import type { AnyHandler } from "../src/call/handler.ts";
import type { InboundCall } from "../src/call/inbound.ts";
import type { Contract } from "../src/contract/types.ts";
import type { OutcomeStore } from "../src/store/outcome_store.ts";
import type { Mailboxes } from "../src/server/server.ts";
import type { ContextHost } from "./call_context.ts";
import { Cell } from "./cell.ts";

/** What `serve()` may be told about a service. */
export interface ServeOptions {
  /** Handlers of one method that run at once, per instance. Default 32. */
  readonly concurrency?: number;
  /** Calls that one method's mailbox holds before its queues pause. Default 1,024. */
  readonly mailboxCalls?: number;
  /** Milliseconds for topics, group and the first rebalance round. Default 30,000. */
  readonly timeoutMs?: number;
  /**
   * Where the outcomes of calls are remembered, so that calls of one idempotency key run once. Shared with the other
   * systems that serve the contract; who made it closes it. Default: none.
   */
  readonly store?: OutcomeStore | undefined;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
}

/** The actors of one served contract: a cell per method. */
export class ServiceActors implements Mailboxes {
  readonly #cells: ReadonlyMap<string, Cell>;
  #onRoom: () => void = () => {};

  /**
   * @throws {TypeError} when a handler is missing, is no function, or belongs to no method
   * @throws {RangeError} on bounds that are no positive whole numbers
   */
  constructor(
    contract: Contract,
    handlers: Readonly<Record<string, unknown>>,
    options: ServeOptions,
    host: ContextHost,
  ) {
    const concurrency = positive("concurrency", options.concurrency ?? FUNCTION_CONCURRENCY);
    const mailbox = {
      maxCalls: positive("mailboxCalls", options.mailboxCalls ?? MAILBOX_CALLS),
      maxBytes: MAILBOX_BYTES,
    };
    for (const name of Object.keys(handlers)) {
      if (!Object.hasOwn(contract.methods, name)) {
        throw new TypeError(`Cannot serve "${contract.name}": it has no method "${name}"`);
      }
    }
    const cells = new Map<string, Cell>();
    for (const [method, { settings }] of Object.entries(contract.methods)) {
      const handler = handlerOf(contract.name, method, handlers[method]);
      const { idempotent } = settings;
      cells.set(
        method,
        new Cell({ method, handler, idempotent, concurrency, mailbox, host, onRoom: () => this.#onRoom() }),
      );
    }
    this.#cells = cells;
  }

  /** The cells by method. */
  get cells(): ReadonlyMap<string, Cell> {
    return this.#cells;
  }

  readonly deliver = (call: InboundCall): boolean => {
    const cell = this.#cells.get(call.method);
    // The receiver lets only methods of the contract through, and each of them has its cell.
    if (cell === undefined) throw new TypeError(`No cell for method "${call.method}"`);
    return cell.deliver(call);
  };

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }
}

function handlerOf(contract: string, method: string, handler: unknown): AnyHandler {
  if (typeof handler !== "function") {
    throw new TypeError(`Cannot serve "${contract}": write a function for method "${method}"`);
  }
  return (input, context) => handler(input, context);
}

function positive(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(
      `Cannot use '${name}': it must be a whole number above 0: current value is ${value}`,
    );
  }
  return value;
}

import { ATTEMPTS } from "../src/call/defaults.ts";
import type { AnyHandler } from "../src/call/handler.ts";
import type { InboundCall } from "../src/call/inbound.ts";
import { RpcError } from "../src/errors/rpc_error.ts";
import { EVENTS } from "../src/log/events.ts";
import { logger } from "../src/log/log.ts";
import { CallContext, type ContextHost } from "./call_context.ts";
import { runInScope } from "./call_scope.ts";
import { Mailbox, type MailboxBounds } from "./mailbox.ts";

/** What a cell is made of. */
export interface CellOptions {
  readonly method: string;
  readonly handler: AnyHandler;
  /** Whether a crashed call may be run again. */
  readonly idempotent: boolean;
  /** Handlers that run at once. */
  readonly concurrency: number;
  readonly mailbox: MailboxBounds;
  readonly host: ContextHost;
  /** Told when a full mailbox has room again. */
  readonly onRoom: () => void;
}

const log = logger("callee");
/** A function has no state: there is nothing that `ctx.self.stop()` could end. */
const NOTHING_TO_STOP = () => {};

/**
 * A method's mailbox plus its running handlers. The handler is a function without state: calls run at once up to
 * the concurrency, in the order in which they came.
 */
export class Cell {
  readonly #options: CellOptions;
  readonly #mailbox: Mailbox;
  #taking = false;
  #running = 0;
  #crashes = 0;

  constructor(options: CellOptions) {
    this.#options = options;
    this.#mailbox = new Mailbox(options.mailbox, options.onRoom);
  }

  /** Calls that wait in the mailbox. */
  get depth(): number {
    return this.#mailbox.size;
  }

  /** Handlers at work. */
  get running(): number {
    return this.#running;
  }

  /** Runs that ended with something that is no answer. */
  get crashes(): number {
    return this.#crashes;
  }

  /** Puts a call into the mailbox; `false` when it is full. */
  deliver(call: InboundCall): boolean {
    if (!this.#mailbox.put(call)) return false;
    this.#next();
    return true;
  }

  #next(): void {
    // A handler that answers at once comes back here from within: the loop that is running goes on.
    if (this.#taking) return;
    this.#taking = true;
    while (this.#running < this.#options.concurrency) {
      const call = this.#mailbox.take();
      if (call === undefined) break;
      if (call.claim()) this.#start(call);
    }
    this.#taking = false;
  }

  #start(call: InboundCall): void {
    this.#running++;
    const recorded = call.started();
    if (recorded === undefined) return this.#run(call, call.attempt);
    recorded.then(
      // Given up while the start was recorded: whoever has the queue by now decides about the call.
      () => call.withdrawn ? this.#finished() : this.#run(call, call.attempt),
      // The partition was lost before the start was on record: another instance will run the call.
      () => this.#finished(),
    );
  }

  #run(call: InboundCall, attempt: number): void {
    const context = new CallContext(call, this.#options.host, attempt, NOTHING_TO_STOP);
    let output: unknown;
    let later: Promise<unknown> | undefined;
    try {
      output = runInScope(context, () => this.#options.handler(call.input, context));
      // A promise stays as it is; anything else with a `then` is made to settle once, and not from within.
      if (isPromiseLike(output)) later = Promise.resolve(output);
    } catch (error) {
      return this.#threw(call, attempt, error);
    }
    if (later === undefined) return this.#answer(call, output);
    later.then((value) => this.#answer(call, value), (error) => this.#threw(call, attempt, error));
  }

  #answer(call: InboundCall, output: unknown): void {
    call.settle({ ok: true, output });
    this.#finished();
  }

  #threw(call: InboundCall, attempt: number, error: unknown): void {
    if (error instanceof RpcError) {
      call.settle({ ok: false, error, ran: "yes" });
      return this.#finished();
    }
    this.#crashes++;
    const { method, idempotent, host: { clock } } = this.#options;
    log.error(EVENTS.callee.handlerCrashed, { method, callId: call.id, attempt, error });
    const inTime = call.deadlineMs > clock.now();
    if (idempotent && attempt < ATTEMPTS && inTime && !call.withdrawn) return this.#run(call, attempt + 1);
    // What a handler throws may hold what the caller must not see: it stays in the log.
    const message = `The handler of "${method}" failed; its error is in the callee's log`;
    const why = !idempotent ? "" : attempt < ATTEMPTS ? ", no time for another attempt" : ", attempts spent";
    const dead = { reason: `handler crashed${why}`, attempts: attempt };
    call.settle({ ok: false, error: new RpcError("internal", message), ran: "yes", dead });
    this.#finished();
  }

  #finished(): void {
    this.#running--;
    this.#next();
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
